"""Makes the plan of a topology from nothing else, so equal topologies have equal plans."""

from collections.abc import Iterator, Mapping

from infra.plan.data_parts import data_processes, data_volumes, groups_of, planned_redises
from infra.plan.figures import Nginx
from infra.plan.mail import mail_process
from infra.plan.parts import (
    Check,
    InternalName,
    Job,
    Kind,
    Plan,
    PlannedProcess,
    PlannedRedis,
    PlannedService,
    ShardGroup,
    Volume,
)
from infra.plan.secret_names import (
    BACKUP_SECRETS,
    BALANCER_SECRETS,
    FOR_AUTOMATION,
    FOR_OPERATORS,
    OPS_PASSWORD,
    STORE_KEYS,
    owner_password,
    secrets_of,
    secrets_of_service,
)
from infra.plan.spreading import on_hosts
from infra.plan.watchers import ALERTMANAGER, PROMETHEUS, READY_PATHS, watchers
from infra.topology import Service, Topology

_PATHS: dict[Kind, str] = {
    "service": "/ready",
    "nginx": "/favicon.ico",
    "store": "/",
    "etcd": "/health",
}


def plan_of(topology: Topology) -> Plan:
    """Return the plan of the suite with this topology."""
    services = {name: _service(topology, name, drawn) for name, drawn in topology.services.items()}
    groups, redises = groups_of(topology), planned_redises(topology)
    processes = (
        *_dns(topology),
        *_failover(topology),
        *data_processes(topology, groups, redises),
        *_stores(topology),
        _caretaker(topology),
        *(process for one in services.values() for process in _service_processes(topology, one)),
        *_balancers(topology),
        *watchers(topology),
        *_ops(topology),
        *_automation(topology),
        *mail_process(topology),
    )
    plan = Plan(
        network=topology.network,
        client_network=topology.client_network,
        hosts=topology.hosts,
        processes=processes,
        volumes=(*data_volumes(groups, redises), *_volumes(topology)),
        names=tuple(_names(topology, services, groups, redises)),
        secrets=tuple(secrets_of(topology)),
        jobs=tuple(_migration(group) for group in groups),
        checks={p.name: Check(p.name, p.kind, _path(p)) for p in processes},
        services=services,
        groups=groups,
        redises=redises,
        nginx=topology.nginx,
        store=topology.store,
        backup=topology.backup,
        dns=topology.dns,
        limits=topology.limits,
        ops=topology.ops,
        mail=topology.mail,
        failover=topology.failover,
        watch=topology.watch,
        automation=topology.automation,
        public=topology.public,
        certificates=topology.certificates,
    )
    return on_hosts(plan, topology.machines) if topology.machines else plan


def _path(process: PlannedProcess) -> str:
    return READY_PATHS.get(process.service, _PATHS.get(process.kind, ""))


def _dns(topology: Topology) -> Iterator[PlannedProcess]:
    """Yield the name server, unless somebody else's knows the internal names."""
    dns, watch = topology.dns, topology.watch
    if dns.embedded:
        yield PlannedProcess(
            name="dns",
            kind="dns",
            service="dns",
            host=topology.hosts[0],
            address=dns.address,
            port=dns.port,
            more_endpoints=((dns.address, watch.dns_port),) if watch else (),
        )


def _service(topology: Topology, name: str, drawn: Service) -> PlannedService:
    return PlannedService(
        name=name,
        host=f"{name}.{topology.dns.zone}",
        port=topology.ports.service,
        replicas=drawn.replicas,
        workers=drawn.workers,
        calls=drawn.calls,
    )


def _failover(topology: Topology) -> Iterator[PlannedProcess]:
    """Yield the servers that keep who leads, and the fence, if there is failover."""
    failover = topology.failover
    if failover is None:
        return
    # It kills a Postgres whose Patroni is silent, and listens nowhere.
    yield PlannedProcess(
        name="fence",
        kind="fence",
        service="fence",
        host=topology.hosts[0],
        address="",
        port=0,
    )
    for number, address in enumerate(failover.etcd, 1):
        yield PlannedProcess(
            name=f"etcd-{number}",
            kind="etcd",
            service="etcd",
            host=topology.hosts[0],
            address=address,
            port=failover.client_port,
            volumes=(f"etcd-{number}",),
            more_endpoints=((address, failover.peer_port),),
        )


def _stores(topology: Topology) -> Iterator[PlannedProcess]:
    """Yield the object store, the backup store, and the keeper that takes the backups."""
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
        port=topology.ports.service,
        module="infra.backups.keeper",
        volumes=tuple(f"shard-map-{group}" for group in topology.groups),
        # The keeper stores a copy of all secrets with the backups, sealed with the passphrase.
        secrets=tuple(secret.name for secret in secrets_of(topology)),
    )


def _caretaker(topology: Topology) -> PlannedProcess:
    """Return the process that renews certificates; it signals others and tells every Redis."""
    return PlannedProcess(
        name="caretaker",
        kind="service",
        service="caretaker",
        host=topology.hosts[0],
        address=topology.caretaker,
        port=topology.ports.service,
        module="infra.caretaker",
        secrets=("redis_operator", FOR_OPERATORS),
    )


def _ops(topology: Topology) -> Iterator[PlannedProcess]:
    """Yield the process of the operators' page, which reads what watches the suite."""
    if topology.watch is not None:
        yield PlannedProcess(
            name="ops",
            kind="service",
            service="ops",
            host=topology.hosts[0],
            address=topology.ops.address,
            port=topology.ports.service,
            module="infra.ops.app",
            secrets=(OPS_PASSWORD, FOR_OPERATORS),
        )


def _automation(topology: Topology) -> Iterator[PlannedProcess]:
    """Yield the process that takes alerts; it has no rights to do anything about them."""
    if topology.automation is not None:
        yield PlannedProcess(
            name="automation",
            kind="service",
            service="automation",
            host=topology.hosts[0],
            address=topology.automation.address,
            port=topology.ports.service,
            module="infra.automation.receiver",
            secrets=(FOR_AUTOMATION, FOR_OPERATORS),
        )


def _service_processes(topology: Topology, service: PlannedService) -> Iterator[PlannedProcess]:
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
            port=service.port,
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
        endpoints += [(address, topology.watch.nginx_status_port)] if topology.watch else []
        endpoints += topology.public.endpoints if topology.public else []
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
    extra = nginx.proxy_protocol_port if nginx.takes_proxy_protocol else None
    return usual if extra is None else (*usual, extra)


def _volumes(topology: Topology) -> Iterator[Volume]:
    etcd = topology.failover.etcd if topology.failover else ()
    yield from (Volume(f"etcd-{n}", irreplaceable=False) for n in range(1, len(etcd) + 1))
    if topology.store.embedded:
        yield Volume("store", irreplaceable=True)
    if topology.backup.enabled and topology.backup.embedded:
        yield Volume("backups", irreplaceable=True)
    for number, _address in enumerate(topology.nginx.replicas, 1):
        yield Volume(f"nginx-{number}", irreplaceable=False)
    if topology.watch is not None:
        yield from (Volume(name, irreplaceable=False) for name in (PROMETHEUS, ALERTMANAGER))


def _names(
    topology: Topology,
    services: Mapping[str, PlannedService],
    groups: Mapping[str, ShardGroup],
    redises: Mapping[str, PlannedRedis],
) -> Iterator[InternalName]:
    for service in services.values():
        yield InternalName(
            service.name, service.host, service.replicas, service.port, has_ready_page=True
        )
    nginx, zone = topology.nginx, topology.dns.zone
    yield InternalName("nginx", f"nginx.{zone}", nginx.replicas, nginx.tls_port)
    for member in (one for group in groups.values() if group.is_ours for one in group.members):
        label = f"{member.name}.postgres"
        yield InternalName(label, member.host, (member.address,), member.port)
    for redis in (one for one in redises.values() if one.is_ours):
        yield InternalName(f"{redis.name}.redis", redis.host, (redis.address,), redis.port)
    if topology.store.embedded:
        store = topology.store
        yield InternalName("store", f"store.{zone}", (store.address,), store.port)


def _migration(service: str) -> Job:
    return Job(
        name=f"migrate-{service}",
        service=service,
        module=f"services.{service}.migrate",
        secrets=(owner_password(service),),
    )
