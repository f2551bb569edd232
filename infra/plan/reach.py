"""Which part of a suite may open a connection to which other one; everything else may be refused.

Firewalls and network policies of every target are rendered from this table, so a new connection
between parts begins with a line here.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from infra.plan.mail import MAIL
from infra.plan.parts import Plan, PlannedProcess, ShardGroup
from infra.plan.watchers import (
    ALERTMANAGER,
    NGINX_EXPORTER,
    POSTGRES_EXPORTER,
    PROMETHEUS,
    REDIS_EXPORTER,
)

# Who is no part of the suite.
PUBLIC = "public"  # anybody on the network of the balancers' clients
OPERATORS = "operators"  # whoever runs the suite's commands, on its machines
OUTSIDE = "outside"  # servers of somebody else
# These only call others. A fence listens nowhere; of the rest, Prometheus reads metrics at most.
_CALLERS_ONLY = frozenset({"fence", "caretaker", "backup-keeper"})
_CARETAKER, _KEEPER = "caretaker", "backup-keeper"
_DEFAULT_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Allowed:
    """One kind of connection; the port is the target's.

    `source` and `target` are parts as of `part_of`, or one of PUBLIC, OPERATORS and OUTSIDE. With
    `networks` only their addresses may connect. `host` names a server of somebody else.
    """

    source: str
    target: str
    port: int
    why: str
    networks: tuple[str, ...] = ()
    host: str = ""


def part_of(plan: Plan, process: PlannedProcess) -> str:
    """Return the part that a process belongs to: its role, and each group's servers apart."""
    if process.kind == "postgres":
        return databases_of(plan.member(process.server).service)
    return process.role


def only_calls(part: str) -> bool:
    """Whether no other part needs this one, but for commands, certificates and metrics."""
    return part in _CALLERS_ONLY or part.endswith("-worker")


def databases_of(group: str) -> str:
    """Return the part of a group's Postgres servers."""
    return f"postgres-{group}"


def parts_of(plan: Plan) -> Mapping[str, tuple[PlannedProcess, ...]]:
    """Return the processes of each part, in the order of the plan."""
    parts: dict[str, tuple[PlannedProcess, ...]] = {}
    for process in plan.processes:
        part = part_of(plan, process)
        parts[part] = (*parts.get(part, ()), process)
    return parts


def allowed(plan: Plan) -> tuple[Allowed, ...]:
    """Return every kind of connection of a suite, each source, target and port once."""
    found: dict[tuple[str, str, int, str], Allowed] = {}
    for one in _all(plan):
        if one.source != one.target or one.source.startswith(("postgres-", "etcd")):
            found.setdefault((one.source, one.target, one.port, one.host), one)
    return tuple(found.values())


def _all(plan: Plan) -> Iterator[Allowed]:
    parts = parts_of(plan)
    yield from _edge(plan, parts)
    for name in plan.services:
        for source in (name, f"{name}-worker"):
            if source in parts:
                yield from _of_service(plan, name, source)
    yield from _dns(plan, parts)
    yield from _databases(plan)
    yield from _failover(plan)
    yield from _keeper(plan, parts)
    yield from _watchers(plan, parts)
    yield from _mail(plan, parts)
    yield from _commands(plan, parts)


def _edge(plan: Plan, parts: Mapping[str, tuple[PlannedProcess, ...]]) -> Iterator[Allowed]:
    nginx = plan.nginx
    yield Allowed(PUBLIC, "nginx", nginx.port, "clients, in plain HTTP")
    yield Allowed(PUBLIC, "nginx", nginx.tls_port, "clients, over TLS")
    if plan.public is not None:
        yield Allowed(
            PUBLIC, "nginx", plan.public.port, "clients of the public name, sent on to TLS"
        )
        yield Allowed(PUBLIC, "nginx", plan.public.tls_port, "clients of the public name")
    if nginx.takes_proxy_protocol and nginx.proxy_protocol_port is not None:
        why = "proxies, with the PROXY protocol"
        networks = nginx.trusted_proxies
        yield Allowed(PUBLIC, "nginx", nginx.proxy_protocol_port, why, networks)
    for service in plan.services.values():
        why = {
            "gateway": "requests of clients",
            "upload": "photos and the service's documents",
        }.get(service.name, "the service's documents, for operators")
        yield Allowed("nginx", service.name, service.port, why)
    if "ops" in parts:
        yield Allowed("nginx", "ops", parts["ops"][0].port, "the page of operators")


def _of_service(plan: Plan, name: str, source: str) -> Iterator[Allowed]:
    service, redis = plan.services[name], plan.redises[name]
    yield from _names(plan, source)
    for called in service.calls:
        yield Allowed(source, called, plan.services[called].port, f"{name} calls {called}")
    if redis.is_ours:
        yield Allowed(source, f"redis-{name}", redis.port, "its Redis")
    else:
        yield _outside(source, f"{redis.host}:{redis.port}", "its Redis")
    if name in plan.groups:
        yield from _shards(plan.groups[name], source)
    if name == "upload":
        yield from _store(plan, source)
        why = "notices of deleted renditions"
        yield Allowed(source, "nginx", plan.internal_name("nginx").port, why)
    if plan.limits.tracing.endpoint:
        yield _outside(source, plan.limits.tracing.endpoint, "traces")


def _names(plan: Plan, source: str) -> Iterator[Allowed]:
    if plan.dns.embedded:
        yield Allowed(source, "dns", plan.dns.port, "internal names")
    for server in plan.dns.given:
        yield _outside(source, server, "internal names")


def _shards(group: ShardGroup, source: str) -> Iterator[Allowed]:
    for member in group.members:
        if group.is_ours:
            yield Allowed(source, databases_of(group.name), member.port, "its shards")
        else:
            yield _outside(source, f"{member.host}:{member.port}", "its shards")


def _store(plan: Plan, source: str) -> Iterator[Allowed]:
    if plan.store.embedded:
        yield Allowed(source, "store", plan.store.port, "photos")
    else:
        yield _outside(source, plan.store.endpoint, "photos")
    if plan.store.second is not None and plan.store.second.endpoint:
        yield _outside(source, plan.store.second.endpoint, "photos of the second bucket")


def _outside(source: str, url: str, why: str) -> Allowed:
    parsed = urlsplit(url if "//" in url else f"//{url}")
    port = parsed.port or _DEFAULT_PORTS.get(parsed.scheme, 443)
    return Allowed(source, OUTSIDE, port, why, host=parsed.hostname or "")


def _dns(plan: Plan, parts: Mapping[str, tuple[PlannedProcess, ...]]) -> Iterator[Allowed]:
    if "dns" not in parts:
        return
    for name in plan.names:
        if name.has_ready_page:
            yield Allowed("dns", name.label, name.port, "whether a replica is ready")
        elif len(name.addresses) > 1 and name.label in parts:
            yield Allowed("dns", name.label, name.port, "whether one listens")


def _databases(plan: Plan) -> Iterator[Allowed]:
    for group in plan.own_groups.values():
        part = databases_of(group.name)
        for member in group.members:
            yield Allowed(part, part, member.port, "replication, and moves of shards")
            yield from _archive(plan, part)


def _archive(plan: Plan, source: str) -> Iterator[Allowed]:
    backup = plan.backup
    if not backup.enabled:
        return
    if backup.embedded:
        yield Allowed(source, "backup-store", backup.port, "backups")
    else:
        yield _outside(source, backup.endpoint, "backups")


def _failover(plan: Plan) -> Iterator[Allowed]:
    failover = plan.failover
    if failover is None:
        return
    yield Allowed("etcd", "etcd", failover.peer_port, "etcd's servers among themselves")
    # One server tells another one's health, and reads the members when it starts.
    yield Allowed("etcd", "etcd", failover.client_port, "etcd's servers among themselves")
    for group in plan.own_groups.values():
        part = databases_of(group.name)
        yield Allowed(part, "etcd", failover.client_port, "who leads")
        for member in group.members:
            yield Allowed(part, part, member.rest_port, "the state of other members")
            yield Allowed("fence", part, member.rest_port, "whether Patroni answers")


def _keeper(plan: Plan, parts: Mapping[str, tuple[PlannedProcess, ...]]) -> Iterator[Allowed]:
    if _KEEPER not in parts:
        return
    for member in plan.members:
        yield Allowed(_KEEPER, databases_of(member.service), member.port, "backups")
    yield from _store(plan, _KEEPER)
    yield from _archive(plan, _KEEPER)


def _watchers(plan: Plan, parts: Mapping[str, tuple[PlannedProcess, ...]]) -> Iterator[Allowed]:
    watch = plan.watch
    if watch is None:
        return
    for part, processes in parts.items():
        if processes[0].module or processes[0].kind in {"watcher", "etcd"}:
            yield Allowed(PROMETHEUS, part, processes[0].port, "metrics")
    if "dns" in parts:
        yield Allowed(PROMETHEUS, "dns", watch.dns_port, "metrics")
    yield from _exporters(plan)
    yield Allowed(NGINX_EXPORTER, "nginx", watch.nginx_status_port, "how busy a balancer is")
    yield Allowed("ops", PROMETHEUS, watch.prometheus_port, "metrics and alerts")
    yield from _alerts(plan, parts)


def _exporters(plan: Plan) -> Iterator[Allowed]:
    for member in plan.members:
        yield Allowed(POSTGRES_EXPORTER, databases_of(member.service), member.port, "metrics")
    if plan.failover is not None:
        for member in plan.members:
            part = databases_of(member.service)
            yield Allowed(PROMETHEUS, part, member.rest_port, "metrics")
    for name, redis in plan.own_redises.items():
        yield Allowed(REDIS_EXPORTER, f"redis-{name}", redis.port, "metrics")


def _alerts(plan: Plan, parts: Mapping[str, tuple[PlannedProcess, ...]]) -> Iterator[Allowed]:
    watch = plan.watch
    if watch is None:
        return
    for url in (watch.webhook, watch.heartbeat):
        if url:
            yield _outside(ALERTMANAGER, url, "alerts")
    if watch.mail.to:
        yield _outside(ALERTMANAGER, watch.mail.smarthost, "alerts by e-mail")
    if "automation" in parts:
        port = parts["automation"][0].port
        yield Allowed(ALERTMANAGER, "automation", port, "alerts that ask for a reaction")
        yield Allowed("ops", "automation", port, "what was done about alerts")


def _mail(plan: Plan, parts: Mapping[str, tuple[PlannedProcess, ...]]) -> Iterator[Allowed]:
    # Without a worker of its own nobody sends, and the messages wait.
    mail, source = plan.mail, "users-worker" if "users-worker" in parts else "users"
    if MAIL in parts:
        yield Allowed(source, MAIL, mail.port, "messages to people")
        if "ops" in parts:
            yield Allowed("ops", MAIL, parts[MAIL][0].port, "the messages that it keeps")
    elif mail.host:
        yield Allowed(source, OUTSIDE, mail.host_port, "messages to people", host=mail.host)


def _commands(plan: Plan, parts: Mapping[str, tuple[PlannedProcess, ...]]) -> Iterator[Allowed]:
    """Yield the connections of operators' commands, and of the caretaker, which acts as they do."""
    for part, processes in parts.items():
        for port in sorted({port for process in processes for _at, port in process.endpoints}):
            yield Allowed(OPERATORS, part, port, "commands of operators")
            if _CARETAKER in parts:
                yield Allowed(_CARETAKER, part, port, "checks, certificates and reactions")
    if not plan.store.embedded:
        yield _outside(OPERATORS, plan.store.endpoint, "photos")
    yield from _archive(plan, OPERATORS)
    yield from _commands_elsewhere(plan)


def _commands_elsewhere(plan: Plan) -> Iterator[Allowed]:
    """Yield what a start and the commands of operators ask of somebody else's servers."""
    for group in plan.external_groups.values():
        yield from _shards(group, OPERATORS)
    for redis in plan.redises.values():
        if not redis.is_ours:
            yield _outside(OPERATORS, f"{redis.host}:{redis.port}", "checks")
    for server in plan.dns.given:
        yield _outside(OPERATORS, server, "internal names")
