"""The parts of a plan. None of them knows of folders, commands, users or supervisors."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from infra.plan.figures import Backup, Dns, Limits, Nginx, Store

# Whom a process is, and so how a target runs it and how it is asked for its health.
Kind = Literal["dns", "postgres", "redis", "store", "service", "nginx"]


@dataclass(frozen=True, slots=True)
class PlannedProcess:
    """One process: on which host it runs, where it listens, what it keeps and what it may know.

    `volumes` and `secrets` are names of the plan's. `module` is what a Python process runs, and
    `server` is which member or which Redis a database's process is.
    """

    name: str
    kind: Kind
    service: str  # the name that stands for all of its kind: `make restart S=`, `make logs S=`
    host: str
    address: str
    port: int
    module: str = ""
    server: str = ""
    volumes: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    more_endpoints: tuple[tuple[str, int], ...] = ()

    @property
    def endpoints(self) -> tuple[tuple[str, int], ...]:
        """Every address and port on which it listens."""
        return ((self.address, self.port), *self.more_endpoints)


@dataclass(frozen=True, slots=True)
class Volume:
    """A folder that outlives its processes; `irreplaceable` if it cannot be made again."""

    name: str
    irreplaceable: bool


@dataclass(frozen=True, slots=True)
class InternalName:
    """An internal name, the addresses that it can stand for, and their port."""

    label: str  # without the zone
    host: str  # with it
    addresses: tuple[str, ...]
    port: int
    has_ready_page: bool = False


@dataclass(frozen=True, slots=True)
class Secret:
    """A named secret. The operator gives those of stores of others; the rest is made at random."""

    name: str
    given: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """A command that runs to its end before the processes of its service start."""

    name: str
    service: str
    module: str
    secrets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Check:
    """What a process is asked to know whether it is well; `path` for those that speak HTTP."""

    process: str
    kind: Kind
    path: str = ""


@dataclass(frozen=True, slots=True)
class Member:
    """One Postgres server of a database; `index` counts from 1 and says nothing of its role."""

    index: int
    name: str
    database: str
    service: str
    host: str  # the internal name, which its certificate carries
    address: str
    port: int


@dataclass(frozen=True, slots=True)
class Database:
    """A physical database: members that hold the same, and the shards that it starts with.

    Which member leads is state, not plan.
    """

    name: str
    service: str
    first_shard: int
    last_shard: int
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class ShardGroup:
    """The databases of one service, which bears the same name."""

    name: str
    shard_count: int
    databases: tuple[Database, ...]

    @property
    def members(self) -> tuple[Member, ...]:
        """Every Postgres server of the group: the first of each database, then the others."""
        firsts = [database.members[0] for database in self.databases]
        others = [member for database in self.databases for member in database.members[1:]]
        return (*firsts, *others)


@dataclass(frozen=True, slots=True)
class PlannedRedis:
    """The Redis of the service of that name; `keeps_log` says that it outlives its process."""

    name: str
    host: str  # the internal name, which its certificate carries
    address: str
    port: int
    keeps_log: bool


@dataclass(frozen=True, slots=True)
class PlannedService:
    """One of the four services: where its processes listen, and the services that it may call."""

    name: str
    host: str  # the internal name that stands for all replicas
    port: int
    replicas: tuple[str, ...]
    workers: tuple[str, ...]
    calls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """All that a suite consists of, from which every target is rendered."""

    network: str
    client_network: str  # who may knock at the databases at all
    hosts: tuple[str, ...]
    processes: tuple[PlannedProcess, ...]
    volumes: tuple[Volume, ...]
    names: tuple[InternalName, ...]
    secrets: tuple[Secret, ...]
    jobs: tuple[Job, ...]
    checks: Mapping[str, Check]  # by the name of the process
    services: Mapping[str, PlannedService]
    groups: Mapping[str, ShardGroup]
    redises: Mapping[str, PlannedRedis]
    nginx: Nginx
    store: Store
    backup: Backup
    dns: Dns
    limits: Limits

    @property
    def endpoints(self) -> set[tuple[str, int]]:
        """Every address and port on which the suite listens."""
        return {endpoint for process in self.processes for endpoint in process.endpoints}

    @property
    def databases(self) -> tuple[Database, ...]:
        """Those of all groups."""
        return tuple(one for group in self.groups.values() for one in group.databases)

    @property
    def members(self) -> tuple[Member, ...]:
        """Every Postgres server of every group."""
        return tuple(member for group in self.groups.values() for member in group.members)

    def process(self, name: str) -> PlannedProcess:
        """The process of that name."""
        return next(process for process in self.processes if process.name == name)

    def internal_name(self, label: str) -> InternalName:
        """The internal name with that label."""
        return next(name for name in self.names if name.label == label)

    def member(self, name: str) -> Member:
        """The Postgres server of that name."""
        return next(member for member in self.members if member.name == name)

    @property
    def public_url(self) -> str:
        """Where a client of this machine finds the suite."""
        host = self.nginx.public_host or self.nginx.replicas[0]
        return f"http://{host}:{self.nginx.port}"
