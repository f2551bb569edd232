"""Makes the plan of a topology. It reads nothing else, so the same topology has the same plan."""

from collections.abc import Iterator

from infra.plan.parts import (
    Check,
    Database,
    InternalName,
    Job,
    Kind,
    Member,
    Plan,
    PlannedProcess,
    Volume,
)
from infra.plan.secret_names import (
    BACKUP_SECRETS,
    BALANCER_SECRETS,
    STORE_KEYS,
    secrets_of,
    secrets_of_archive,
    secrets_of_service,
)
from infra.topology import Nginx, Primary, Service, Topology

_PATHS: dict[Kind, str] = {"service": "/ready", "nginx": "/favicon.ico", "store": "/"}


def plan_of(topology: Topology) -> Plan:
    """What the suite of this topology consists of."""
    databases = tuple(
        _database(group.name, primary)
        for group in topology.groups.values()
        for primary in group.primaries
    )
    processes = tuple(_processes(topology, databases))
    return Plan(
        hosts=topology.hosts,
        processes=processes,
        volumes=tuple(_volumes(topology, databases)),
        names=tuple(_names(topology)),
        secrets=tuple(secrets_of(topology)),
        jobs=tuple(_migration(group) for group in topology.groups),
        checks={p.name: Check(p.name, p.kind, _PATHS.get(p.kind, "")) for p in processes},
        databases=databases,
    )


def _database(service: str, primary: Primary) -> Database:
    servers = (primary.node, *primary.replicas)
    return Database(
        name=primary.node.name,
        service=service,
        first_shard=primary.first_shard,
        last_shard=primary.last_shard,
        members=tuple(
            Member(index, server.name, server.address) for index, server in enumerate(servers, 1)
        ),
    )


def _processes(topology: Topology, databases: tuple[Database, ...]) -> Iterator[PlannedProcess]:
    yield PlannedProcess(
        "dns", "dns", "dns", topology.hosts[0], topology.dns.address, topology.dns.port
    )
    yield from _members(topology, databases)
    for redis in topology.redises.values():
        yield PlannedProcess(
            name=f"redis-{redis.name}",
            kind="redis",
            service="redis",
            host=topology.hosts[0],
            address=redis.address,
            port=topology.limits.redis_port,
            volumes=(f"redis-{redis.name}",),
            secrets=(f"redis_{redis.name}", "redis_operator"),
        )
    yield from _stores(topology)
    for service in topology.services.values():
        yield from _service(topology, service)
    yield from _balancers(topology)


def _members(topology: Topology, databases: tuple[Database, ...]) -> Iterator[PlannedProcess]:
    """All members of a database hold the same secrets: each may have to lead."""
    for database in databases:
        for member in database.members:
            yield PlannedProcess(
                name=f"postgres-{member.name}",
                kind="postgres",
                service="postgres",
                host=topology.hosts[0],
                address=member.address,
                port=topology.limits.postgres_port,
                volumes=(f"postgres-{member.name}",),
                secrets=("postgres_replication", *secrets_of_archive(topology)),
            )


def _stores(topology: Topology) -> Iterator[PlannedProcess]:
    """The object store, the one that backups go to, and the keeper that takes them."""
    store, backup, host = topology.store, topology.backup, topology.hosts[0]
    if store.embedded:
        yield PlannedProcess(
            name="store",
            kind="store",
            service="store",
            host=host,
            address=store.address,
            port=store.port,
            volumes=("store",),
            secrets=STORE_KEYS,
        )
    if not backup.enabled:
        return
    if backup.embedded:
        yield PlannedProcess(
            name="backup-store",
            kind="store",
            service="backup-store",
            host=host,
            address=backup.address,
            port=backup.port,
            volumes=("backups",),
            secrets=BACKUP_SECRETS,
        )
    yield PlannedProcess(
        name="backup-keeper",
        kind="service",
        service="backup-keeper",
        host=host,
        address=backup.keeper,
        port=topology.limits.service_port,
        module="infra.backups.keeper",
        volumes=tuple(f"shard-map-{group}" for group in topology.groups),
        # It keeps a copy of all secrets beside the backups, sealed with the passphrase.
        secrets=tuple(secret.name for secret in secrets_of(topology)),
    )


def _service(topology: Topology, service: Service) -> Iterator[PlannedProcess]:
    replicas = (
        (f"{service.name}-{number}", "app", address)
        for number, address in enumerate(service.replicas, 1)
    )
    workers = (
        (f"{service.name}-worker-{number}", "worker", address)
        for number, address in enumerate(service.workers, 1)
    )
    for name, module, address in (*replicas, *workers):
        yield PlannedProcess(
            name=name,
            kind="service",
            service=service.name,
            host=topology.hosts[0],
            address=address,
            port=topology.limits.service_port,
            module=f"services.{service.name}.{module}",
            volumes=(f"shard-map-{service.name}",) if service.name in topology.groups else (),
            secrets=tuple(secrets_of_service(topology, service)),
        )


def _balancers(topology: Topology) -> Iterator[PlannedProcess]:
    nginx = topology.nginx
    for number, address in enumerate(nginx.replicas, 1):
        is_public = number == 1 and nginx.public_host is not None
        addresses = (address, nginx.public_host) if is_public else (address,)
        endpoints = [(one, port) for one in addresses if one for port in _ports(nginx)]
        yield PlannedProcess(
            name=f"nginx-{number}",
            kind="nginx",
            service="nginx",
            host=topology.hosts[0],
            address=address,
            port=nginx.port,
            volumes=(f"nginx-{number}",),
            secrets=BALANCER_SECRETS,
            more_endpoints=tuple(one for one in endpoints if one != (address, nginx.port)),
        )


def _ports(nginx: Nginx) -> tuple[int, ...]:
    usual = (nginx.port, nginx.tls_port)
    if nginx.trusted_proxies and nginx.proxy_protocol_port is not None:
        return (*usual, nginx.proxy_protocol_port)
    return usual


def _volumes(topology: Topology, databases: tuple[Database, ...]) -> Iterator[Volume]:
    for database in databases:
        yield from (
            Volume(f"postgres-{member.name}", irreplaceable=True) for member in database.members
        )
    yield from (Volume(f"shard-map-{group}", irreplaceable=False) for group in topology.groups)
    yield from (Volume(f"redis-{name}", irreplaceable=False) for name in topology.redises)
    if topology.store.embedded:
        yield Volume("store", irreplaceable=True)
    if topology.backup.enabled and topology.backup.embedded:
        yield Volume("backups", irreplaceable=True)
    for number, _address in enumerate(topology.nginx.replicas, 1):
        yield Volume(f"nginx-{number}", irreplaceable=False)


def _names(topology: Topology) -> Iterator[InternalName]:
    limits = topology.limits
    for service in topology.services.values():
        yield InternalName(
            service.name, service.host, service.replicas, limits.service_port, has_ready_page=True
        )
    nginx, zone = topology.nginx, topology.dns.zone
    yield InternalName("nginx", f"nginx.{zone}", nginx.replicas, nginx.tls_port)
    for node in topology.postgres_nodes:
        label = f"{node.name}.postgres"
        yield InternalName(label, node.host, (node.address,), limits.postgres_port)
    for redis in topology.redises.values():
        label = f"{redis.name}.redis"
        yield InternalName(label, redis.host, (redis.address,), limits.redis_port)
    if topology.store.embedded:
        store = topology.store
        yield InternalName("store", f"store.{zone}", (store.address,), store.port)


def _migration(service: str) -> Job:
    return Job(
        name=f"migrate-{service}",
        service=service,
        module=f"services.{service}.migrate",
        secrets=(f"postgres_{service}",),
    )
