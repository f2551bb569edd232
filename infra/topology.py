"""Reads and checks topology.toml, and completes its addresses; a plan is made from the result."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from infra.address_ranges import free_behind
from infra.plan.figures import (
    Automation,
    Backup,
    Certificates,
    Dns,
    Failover,
    Limits,
    Logs,
    Mail,
    MailServer,
    Nginx,
    Ops,
    Public,
    SecondBucket,
    Store,
    Tracing,
    Watch,
)
from infra.plan.machines import Machines
from infra.public_name import public_of
from infra.topology_checks import (
    check_addresses,
    check_failover,
    check_loopback,
    check_mail,
    check_node_names,
    check_one_machine,
    check_ports,
    check_range,
    check_server,
    check_watch,
)
from infra.topology_data import (
    Group,
    Redis,
    Server,
    check_file,
    check_kind,
    check_plain,
    group_of,
    redises_of,
)
from infra.topology_hosts import machines_of
from infra.topology_tables import TopologyError, named_errors, read_tables

TOPOLOGY_FILE = Path(__file__).with_name("topology.toml")
_NETWORK = re.compile(r"127\.\d{1,3}|\d{1,3}\.\d{1,3}")
_HOSTS_UNLESS_DRAWN = ("local",)


@dataclass(frozen=True, slots=True)
class Service:
    """The addresses of a service's processes, and the services that it may call."""

    replicas: tuple[str, ...]
    workers: tuple[str, ...]
    calls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ports:
    """The port of all processes of a kind; each process has its own address."""

    service: int
    postgres: int
    redis: int


@dataclass(frozen=True, slots=True)
class Topology:
    """The topology on one network; services, groups and Redises are by the service's name."""

    network: str
    client_network: str
    hosts: tuple[str, ...]
    services: Mapping[str, Service]
    groups: Mapping[str, Group]
    redises: Mapping[str, Redis]
    ports: Ports
    nginx: Nginx
    store: Store
    backup: Backup
    caretaker: str
    dns: Dns
    limits: Limits
    ops: Ops
    mail: MailServer
    failover: Failover | None
    watch: Watch | None
    automation: Automation | None
    public: Public | None
    certificates: Certificates
    machines: Machines | None = None


def load_topology(
    file: Path = TOPOLOGY_FILE,
    *,
    network: str | None = None,
    has_failover: bool = False,
    is_watched: bool = False,
    in_containers: bool = False,
) -> Topology:
    """Read and check the topology; `network`, such as "127.21", replaces the default one.

    A network of containers is not this machine's own, and only its addresses are clients.
    """
    drawn = read_tables(file)
    with named_errors(file):
        check_one_machine(drawn.get("hosts", {}).get("names", _HOSTS_UNLESS_DRAWN))
        topology = _topology(drawn, network, has_failover=has_failover, is_watched=is_watched)
        if in_containers:
            return replace(topology, client_network=f"{topology.network}.0.0/16")
        check_loopback(topology.network)
        return topology


def load_topology_on_hosts(file: Path = TOPOLOGY_FILE, hosts_file: Path | None = None) -> Topology:
    """Read and check a topology of several hosts, with failover; `hosts_file` draws [hosts]."""
    where = hosts_file or file
    drawn = {**read_tables(file), "hosts": read_tables(where)["hosts"]}
    with named_errors(where):
        topology = _topology(drawn, None, has_failover=True)
        if topology.machines is None:
            raise TopologyError("hosts.names has one name: `make up` starts a suite on one machine")
    # What takes backups reads the files of all databases, which no host has. The page that shows
    # kept messages is not there either, so they go to a drawn server or to nobody.
    return replace(
        topology,
        backup=replace(topology.backup, enabled=False),
        mail=replace(topology.mail, kind="external"),
    )


def _topology(
    drawn: Mapping[str, Any],
    network: str | None,
    *,
    has_failover: bool = False,
    is_watched: bool = False,
) -> Topology:
    default = drawn["network"]["default"]
    net = network or default
    if not _NETWORK.fullmatch(net):
        raise TopologyError(f"network {net!r} is not the first half of an address, like 127.20")
    topology = Topology(
        network=net,
        client_network=drawn["network"]["clients"],
        hosts=tuple(drawn["hosts"]["names"]) if "hosts" in drawn else _HOSTS_UNLESS_DRAWN,
        services=_services(drawn["service"], net),
        groups={name: group_of(name, table, net) for name, table in drawn["group"].items()},
        redises=redises_of(drawn["redis"], net),
        ports=Ports(**{kind: drawn[kind]["port"] for kind in ("service", "postgres", "redis")}),
        nginx=_nginx(drawn["nginx"], net, with_public=net == default),
        store=_store(drawn["store"], net),
        backup=_backup(drawn["backup"], net),
        caretaker=f"{net}.{drawn['caretaker']['address']}",
        dns=_dns(drawn["dns"], net),
        limits=_limits(drawn),
        ops=_ops(drawn["ops"], net),
        mail=_mail(drawn["mail"], net),
        failover=_failover(drawn["ha"], net) if "ha" in drawn else None,
        watch=_watch(drawn, net) if "watch" in drawn else None,
        automation=_automation(drawn, net) if "automation" in drawn else None,
        # A second suite of this checkout must not answer for the public name.
        public=public_of(drawn["public"]) if "public" in drawn and net == default else None,
        machines=machines_of(drawn["hosts"]) if "hosts" in drawn else None,
        certificates=_certificates(drawn.get("certificates", {})),
    )
    _check(topology)
    if has_failover and topology.failover is None:
        raise TopologyError("HA=1 needs the table [ha], which is not drawn")
    others = [group for group in topology.groups.values() if group.external is not None]
    if has_failover and len(others) == len(topology.groups):
        raise TopologyError("HA=1 has nothing to lead: somebody else runs every database")
    return replace(
        topology,
        # Half of the databases cannot be restored to a moment of all: who runs some keeps theirs.
        backup=replace(topology.backup, enabled=topology.backup.enabled and not others),
        failover=topology.failover if has_failover else None,
        watch=topology.watch if is_watched else None,
        # Without Prometheus nothing raises the alerts.
        automation=topology.automation if is_watched else None,
    )


def _store(table: Mapping[str, Any], net: str) -> Store:
    second = SecondBucket(**table["second"]) if "second" in table else None
    return Store(**{**table, "address": f"{net}.{table['address']}", "second": second})


def _backup(table: Mapping[str, Any], net: str) -> Backup:
    addresses = {name: f"{net}.{table[name]}" for name in ("address", "keeper")}
    return Backup(**{**table, **addresses})


def _dns(table: Mapping[str, Any], net: str) -> Dns:
    check_kind("dns", table.get("kind", "embedded"))
    check_plain("dns.zone", (table["zone"],))
    servers = tuple(table.get("servers", ()))
    for server in servers:
        check_server("dns.servers", server)
    own = {name: value for name, value in table.items() if name != "servers"}
    return Dns(**{**own, "address": f"{net}.{table['address']}", "given": servers})


def _certificates(table: Mapping[str, Any]) -> Certificates:
    drawn = Certificates(**table)
    check_kind("certificates", drawn.kind)
    check_file("certificates.folder", drawn.folder)
    if not drawn.embedded and not drawn.folder:
        raise TopologyError("certificates.folder names no folder with the given certificates")
    return drawn


def _failover(table: Mapping[str, Any], net: str) -> Failover:
    return Failover(**{**table, "etcd": tuple(f"{net}.{tail}" for tail in table["etcd"])})


def _ops(table: Mapping[str, Any], net: str) -> Ops:
    allowed = tuple(_networks("ops.allow", table["allow"]))
    return Ops(address=f"{net}.{table['address']}", allow=allowed)


def _mail(table: Mapping[str, Any], net: str) -> MailServer:
    return MailServer(**{**table, "address": f"{net}.{table['address']}"})


def _watch(drawn: Mapping[str, Any], net: str) -> Watch:
    table, alerts = drawn["watch"], drawn["alerts"]
    return Watch(
        **{**table, "address": f"{net}.{table['address']}"},
        webhook=alerts["webhook"],
        heartbeat=alerts["heartbeat"],
        mail=Mail(**alerts["mail"]),
        unheard=alerts.get("unheard", False),
    )


def _automation(drawn: Mapping[str, Any], net: str) -> Automation:
    table = drawn["automation"]
    services = _services(drawn["service"], net)
    counts = {name: len(service.replicas) for name, service in services.items()}
    counts |= {f"{name}-worker": len(one.workers) for name, one in services.items() if one.workers}
    return Automation(**{**table, "address": f"{net}.{table['address']}"}, drawn=counts)


def _nginx(table: Mapping[str, Any], net: str, *, with_public: bool) -> Nginx:
    return Nginx(
        replicas=tuple(f"{net}.{tail}" for tail in table["replicas"]),
        port=table["port"],
        tls_port=table["tls_port"],
        public_host=table.get("public_host") if with_public else None,
        photo_bytes_max=table["photo_bytes_max"],
        body_bytes_max=table["body_bytes_max"],
        bodies_at_once_per_address=table["bodies_at_once_per_address"],
        trusted_proxies=tuple(_networks("nginx.trusted_proxies", table.get("trusted_proxies", ()))),
        proxy_protocol_port=table.get("proxy_protocol_port"),
        cors_origins=tuple(table.get("cors_origins", ())),
        shared_caches=table.get("shared_caches", False),
    )


def _networks(where: str, given: Iterable[str]) -> Iterator[str]:
    for one in given:
        try:
            yield str(ip_network(one))
        except ValueError as error:
            raise TopologyError(f"{where}: {one!r} is no network: {error}") from error


def _services(table: Mapping[str, Any], net: str) -> dict[str, Service]:
    return {
        name: Service(
            replicas=tuple(f"{net}.{tail}" for tail in drawn["replicas"]),
            workers=tuple(f"{net}.{tail}" for tail in drawn.get("workers", ())),
            calls=tuple(drawn["calls"]),
        )
        for name, drawn in table.items()
        if isinstance(drawn, dict)
    }


def _limits(drawn: Mapping[str, Any]) -> Limits:
    return Limits(
        drain_seconds=drawn["service"]["drain_seconds"],
        log_level=drawn["service"]["log_level"],
        # A drawing of an earlier version has neither table.
        logs=Logs(**drawn.get("logs", {})),
        tracing=_tracing(Tracing(**drawn.get("tracing", {}))),
        postgres_connections_max=drawn["postgres"]["connections_max"],
        postgres_pool_max=drawn["postgres"]["pool_max"],
        postgres_shared_buffers=drawn["postgres"]["shared_buffers"],
        postgres_free_bytes_min=drawn["postgres"]["free_bytes_min"],
        redis_memory_bytes_max=drawn["redis"]["memory_bytes_max"],
        media_url_seconds=drawn["media"]["url_seconds"],
        media_cache_bytes_max=drawn["media"]["cache_bytes_max"],
        loose_limits_factor=drawn["service"]["gateway"]["loose_limits_factor"],
        wait_ms_max=drawn["service"]["wait_ms_max"],
        celebrity_followers_min=drawn["service"]["feed"]["celebrity_followers_min"],
        renditions_webp=drawn["service"]["upload"]["renditions_webp"],
    )


def _tracing(tracing: Tracing) -> Tracing:
    if not 0 <= tracing.share <= 1:
        raise TopologyError(f"tracing.share {tracing.share} is not from 0 to 1")
    return tracing


def _check(topology: Topology) -> None:
    check_kind("store", topology.store.kind)
    check_kind("backup", topology.backup.kind)
    check_kind("mail", topology.mail.kind)
    if topology.failover is not None:
        check_failover(topology.failover)
    check_watch(topology.watch)
    check_mail(topology.mail)
    check_ports((topology.nginx.port, topology.nginx.tls_port, topology.nginx.proxy_protocol_port))
    for name, group in topology.groups.items():
        _check_shards(name, group)
    servers = list(_servers(topology))
    check_node_names([server.name for server in servers])
    if set(topology.redises) != set(topology.services):
        raise TopologyError("every service needs a Redis of its name, and nothing else does")
    for name, service in topology.services.items():
        unknown = set(service.calls) - set(topology.services)
        if unknown:
            raise TopologyError(f"service {name} calls unknown services: {unknown}")
    check_addresses(list(addresses_of(topology)))
    _check_ranges(topology)


def _servers(topology: Topology) -> Iterator[Server]:
    for group in topology.groups.values():
        for primary in group.primaries:
            yield from (primary.server, *primary.replicas)


def _check_ranges(topology: Topology) -> None:
    """Raise TopologyError unless each role may grow as far as automation lets it, by one at least.

    A role that grew into the range of another one would leave it no addresses of its own.
    """
    drawn_ones = set(addresses_of(topology))
    times = topology.automation.growth_max if topology.automation else 1
    for name, service in topology.services.items():
        for role, drawn in ((name, service.replicas), (f"{name}-worker", service.workers)):
            if drawn:
                wanted = max(len(drawn) * (times - 1), 1)
                check_range(role, drawn[-1], len(free_behind(drawn, drawn_ones)), wanted)


def addresses_of(topology: Topology) -> Iterator[str]:
    """Yield the addresses of all processes."""
    yield from (server.address for server in _servers(topology) if server.address)
    yield from (topology.dns.address, topology.store.address)
    yield from (topology.backup.address, topology.backup.keeper, topology.caretaker)
    yield topology.mail.address
    yield from topology.nginx.replicas
    yield from topology.failover.etcd if topology.failover else ()
    yield from (topology.watch.address, topology.ops.address) if topology.watch else ()
    yield from (topology.automation.address,) if topology.automation else ()
    yield from (redis.address for redis in topology.redises.values() if redis.address)
    for service in topology.services.values():
        yield from (*service.replicas, *service.workers)


def _check_shards(name: str, group: Group) -> None:
    count = group.shard_count
    if count & (count - 1) or not 0 < count <= 8192:
        raise TopologyError(f"group {name}: {count} shards is no power of two up to 8192")
    held = [
        shard
        for primary in group.primaries
        for shard in range(primary.first_shard, primary.last_shard + 1)
    ]
    if sorted(held) != list(range(count)):
        raise TopologyError(f"group {name}: each of {count} shards needs exactly one primary")
