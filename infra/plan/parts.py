"""The parts of a plan, which contain no folders, commands, users or supervisors."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from infra.plan.figures import (
    Automation,
    Backup,
    Certificates,
    Dns,
    ExternalGroup,
    ExternalRedis,
    Failover,
    Limits,
    MailServer,
    Nginx,
    Ops,
    Public,
    Store,
    Watch,
)
from infra.plan.machines import Machines

# What a process is, which decides how a target runs it and checks its health.
Kind = Literal["dns", "postgres", "redis", "store", "service", "nginx", "etcd", "fence", "watcher"]


@dataclass(frozen=True, slots=True)
class PlannedProcess:
    """One process: its host, its addresses, its volumes and its secrets.

    `volumes` and `secrets` are names in the plan. A Python process runs `module`. For Postgres and
    Redis, `server` is the name of the member or of the Redis.
    """

    name: str
    kind: Kind
    service: str  # the name of all processes like it, in `make restart S=` and `make logs S=`
    host: str
    address: str
    port: int
    module: str = ""
    server: str = ""
    volumes: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    more_endpoints: tuple[tuple[str, int], ...] = ()

    @property
    def role(self) -> str:
        """The name of all processes with the same account, environment and certificate.

        A worker has its own, because it parses pictures and text for hours, and nobody calls it.
        """
        if self.kind == "redis":
            return self.name
        return f"{self.service}-worker" if self.module.endswith(".worker") else self.service

    @property
    def role_of_metrics(self) -> str:
        """The label `job` of its metrics: its role, and one name for all Redis."""
        return self.service if self.kind == "redis" else self.role

    @property
    def endpoints(self) -> tuple[tuple[str, int], ...]:
        """Every address and port on which the process listens; a fence has none."""
        first = ((self.address, self.port),) if self.port else ()
        return (*first, *self.more_endpoints)


@dataclass(frozen=True, slots=True)
class Volume:
    """A folder that outlives its processes; `irreplaceable` if it cannot be recreated."""

    name: str
    irreplaceable: bool


@dataclass(frozen=True, slots=True)
class InternalName:
    """An internal name, the addresses that it may resolve to, and their port."""

    label: str  # the name without the zone
    host: str  # the name with the zone
    addresses: tuple[str, ...]
    port: int
    has_ready_page: bool = False


@dataclass(frozen=True, slots=True)
class Secret:
    """A named secret. The operator gives those of external parts; others are random.

    Nothing works without one that is `needed`, so a random value never stands for it.
    """

    name: str
    given: bool = False
    needed: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """A command that must finish before the processes of its service start."""

    name: str
    service: str
    module: str
    secrets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Check:
    """The health check of a process; `path` is for processes that speak HTTP."""

    process: str
    kind: Kind
    path: str = ""


@dataclass(frozen=True, slots=True)
class Member:
    """One Postgres server of a database; `index` counts from 1, independent of the role.

    One of somebody else has a host and no address.
    """

    index: int
    name: str
    database: str
    service: str
    host: str  # the internal name, which is in its certificate
    address: str
    port: int
    rest_port: int = 0  # of its Patroni, if there is failover


@dataclass(frozen=True, slots=True)
class Database:
    """A physical database: members with the same data, and the shards that it starts with.

    The leading member is state, and not part of the plan.
    """

    name: str
    service: str
    first_shard: int
    last_shard: int
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class ShardGroup:
    """The databases of one service, which has the same name."""

    name: str
    shard_count: int
    databases: tuple[Database, ...]
    external: ExternalGroup | None = None  # somebody else runs the servers

    @property
    def is_ours(self) -> bool:
        """Whether this suite runs the servers: makes, starts, watches and backs them up."""
        return self.external is None

    @property
    def database_name(self) -> str:
        """The name of the database on every server."""
        return self.external.database if self.external else self.name

    @property
    def owner(self) -> str:
        """The role that owns the tables, and migrates."""
        return self.external.owner if self.external else self.name

    @property
    def members(self) -> tuple[Member, ...]:
        """All Postgres servers of the group; each database's first member is before all others."""
        firsts = [database.members[0] for database in self.databases]
        others = [member for database in self.databases for member in database.members[1:]]
        return (*firsts, *others)


@dataclass(frozen=True, slots=True)
class PlannedRedis:
    """The Redis of the service of that name; with `keeps_log` its data outlives the process."""

    name: str
    host: str  # the internal name, which is in its certificate
    address: str
    port: int
    keeps_log: bool
    external: ExternalRedis | None = None  # somebody else runs it

    @property
    def is_ours(self) -> bool:
        """Whether this suite runs it."""
        return self.external is None


@dataclass(frozen=True, slots=True)
class PlannedService:
    """One of the four services: its processes' addresses, and the services that it may call."""

    name: str
    host: str  # the internal name of all replicas
    port: int
    replicas: tuple[str, ...]
    workers: tuple[str, ...]
    calls: tuple[str, ...]
    worker_port: int = 0  # of its workers, if it differs

    def port_of(self, role: str) -> int:
        """Return the port of the service's processes with this role, such as feed-worker."""
        return self.port if role == self.name else self.worker_port or self.port


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that a suite consists of; every target is rendered from it."""

    network: str
    client_network: str  # only its addresses may use the databases and the internal pages
    hosts: tuple[str, ...]
    processes: tuple[PlannedProcess, ...]
    volumes: tuple[Volume, ...]
    names: tuple[InternalName, ...]
    secrets: tuple[Secret, ...]
    jobs: tuple[Job, ...]
    checks: Mapping[str, Check]  # by process name
    services: Mapping[str, PlannedService]
    groups: Mapping[str, ShardGroup]
    redises: Mapping[str, PlannedRedis]
    nginx: Nginx
    store: Store
    backup: Backup
    dns: Dns
    limits: Limits
    ops: Ops
    mail: MailServer
    failover: Failover | None = None  # without it nothing promotes a replica
    watch: Watch | None = None  # without it nothing watches
    automation: Automation | None = None  # without it alerts reach people only
    public: Public | None = None  # without it clients are on this machine
    machines: Machines | None = None  # without it all processes are on one machine
    certificates: Certificates = field(default_factory=Certificates)

    @property
    def client_networks(self) -> tuple[str, ...]:
        """The networks whose addresses may use the databases and the internal pages."""
        return self.machines.networks if self.machines else (self.client_network,)

    def members_on(self, host: str) -> tuple[Member, ...]:
        """Return the Postgres servers of a host."""
        return tuple(m for m in self.members if self.process(f"postgres-{m.name}").host == host)

    @property
    def endpoints(self) -> set[tuple[str, int]]:
        """All addresses and ports on which the suite listens."""
        return {endpoint for process in self.processes for endpoint in process.endpoints}

    @property
    def own_groups(self) -> Mapping[str, ShardGroup]:
        """The groups whose servers this suite runs."""
        return {name: group for name, group in self.groups.items() if group.is_ours}

    @property
    def external_groups(self) -> Mapping[str, ShardGroup]:
        """The groups whose servers somebody else runs."""
        return {name: group for name, group in self.groups.items() if not group.is_ours}

    @property
    def databases(self) -> tuple[Database, ...]:
        """The databases that this suite runs."""
        return tuple(one for group in self.own_groups.values() for one in group.databases)

    @property
    def every_database(self) -> tuple[Database, ...]:
        """The databases of all groups, of whomever."""
        return tuple(one for group in self.groups.values() for one in group.databases)

    @property
    def members(self) -> tuple[Member, ...]:
        """The Postgres servers that this suite runs."""
        return tuple(member for group in self.own_groups.values() for member in group.members)

    @property
    def own_redises(self) -> Mapping[str, PlannedRedis]:
        """The Redises that this suite runs."""
        return {name: redis for name, redis in self.redises.items() if redis.is_ours}

    def process(self, name: str) -> PlannedProcess:
        """Return the process with that name."""
        return next(process for process in self.processes if process.name == name)

    def internal_name(self, label: str) -> InternalName:
        """Return the internal name with that label."""
        return next(name for name in self.names if name.label == label)

    def member(self, name: str) -> Member:
        """Return the Postgres server with that name."""
        return next(member for member in self.members if member.name == name)

    @property
    def public_url(self) -> str:
        """The URL of the suite for clients: of the public name, or else on this machine."""
        if self.public is not None:
            return self.public.url
        host = self.nginx.public_host or self.nginx.replicas[0]
        return f"http://{host}:{self.nginx.port}"
