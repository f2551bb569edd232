"""The typed reading of topology.toml: what the suite consists of, with whole addresses."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from infra.topology_checks import check_addresses, check_hosts, check_node_names, check_ports
from infra.topology_tables import TopologyError, named_errors, read_tables

TOPOLOGY_FILE = Path(__file__).with_name("topology.toml")
_NETWORK = re.compile(r"127\.\d{1,3}|\d{1,3}\.\d{1,3}")
_HOSTS_UNLESS_DRAWN = ("local",)


@dataclass(frozen=True, slots=True)
class PostgresNode:
    """One Postgres server; `primary` names the one that a replica follows, None for a primary."""

    name: str
    address: str
    group: str
    primary: str | None = None

    @property
    def host(self) -> str:
        """The internal name, which its certificate carries."""
        return f"{self.name}.postgres.internal"


@dataclass(frozen=True, slots=True)
class Primary:
    """A primary, the inclusive range of logical shards that it starts with, and its replicas."""

    node: PostgresNode
    first_shard: int
    last_shard: int
    replicas: tuple[PostgresNode, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """The shard group of one service."""

    name: str
    shard_count: int
    primaries: tuple[Primary, ...]

    def nodes(self) -> Iterator[PostgresNode]:
        """Every Postgres server of the group, primaries first."""
        yield from (primary.node for primary in self.primaries)
        for primary in self.primaries:
            yield from primary.replicas


@dataclass(frozen=True, slots=True)
class RedisServer:
    """The Redis of the service of that name; `keeps_log` says that it outlives its process."""

    name: str
    address: str
    keeps_log: bool

    @property
    def host(self) -> str:
        """The internal name, which its certificate carries."""
        return f"{self.name}.redis.internal"


@dataclass(frozen=True, slots=True)
class Service:
    """One of the four services: its addresses and the services that it may call."""

    name: str
    replicas: tuple[str, ...]
    workers: tuple[str, ...]
    calls: tuple[str, ...]

    @property
    def host(self) -> str:
        """The internal name that stands for all replicas."""
        return f"{self.name}.internal"


@dataclass(frozen=True, slots=True)
class Nginx:
    """The balancers at the edge; `public_host` is a second address of the first one."""

    replicas: tuple[str, ...]
    port: int
    tls_port: int
    public_host: str | None
    photo_bytes_max: int
    body_bytes_max: int
    bodies_at_once_per_address: int
    trusted_proxies: tuple[str, ...]
    proxy_protocol_port: int | None
    cors_origins: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SecondBucket:
    """Where photos move to, or come from; empty: as the first one's."""

    bucket: str
    endpoint: str = ""
    region: str = ""


@dataclass(frozen=True, slots=True)
class Store:
    """The object store: one of our own (`embedded`) or anybody's (`external`)."""

    kind: str
    address: str
    port: int
    endpoint: str
    bucket: str
    region: str
    second: "SecondBucket | None" = None

    @property
    def embedded(self) -> bool:
        """Whether this suite runs the store itself."""
        return self.kind == "embedded"


@dataclass(frozen=True, slots=True)
class Backup:
    """Where backups go, how often they are taken and how long they are kept."""

    enabled: bool
    kind: str
    address: str
    port: int
    folder: str
    endpoint: str
    bucket: str
    region: str
    ca_file: str
    keeper: str
    full_every_hours: int
    incremental_every_hours: int
    keep_days: int
    wal_seconds_max: int
    wal_waiting_bytes_max: int

    @property
    def embedded(self) -> bool:
        """Whether this suite runs the backup store itself."""
        return self.kind == "embedded"


@dataclass(frozen=True, slots=True)
class Dns:
    """The server of the internal names."""

    address: str
    port: int
    zone: str
    ttl_seconds: int


@dataclass(frozen=True, slots=True)
class Limits:
    """Figures that several processes of a kind share; units stand in the names."""

    service_port: int
    drain_seconds: float
    log_level: str
    postgres_port: int
    postgres_connections_max: int
    postgres_pool_max: int
    postgres_shared_buffers: str
    postgres_free_bytes_min: int
    redis_port: int
    redis_memory_bytes_max: int
    media_url_seconds: int
    media_cache_bytes_max: int
    loose_limits_factor: int
    wait_ms_max: int
    celebrity_followers_min: int


@dataclass(frozen=True)
class Topology:
    """The whole picture, on one network."""

    network: str
    is_default_network: bool
    client_network: str
    hosts: tuple[str, ...]
    nginx: Nginx
    services: Mapping[str, Service]
    groups: Mapping[str, Group]
    redises: Mapping[str, RedisServer]
    store: Store
    backup: Backup
    dns: Dns
    limits: Limits

    @cached_property
    def postgres_nodes(self) -> tuple[PostgresNode, ...]:
        """Every Postgres server of every group."""
        return tuple(node for group in self.groups.values() for node in group.nodes())

    def postgres_node(self, name: str) -> PostgresNode:
        """The server of that name."""
        return next(node for node in self.postgres_nodes if node.name == name)

    @property
    def public_url(self) -> str:
        """Where a client of this machine finds the suite."""
        host = self.nginx.public_host or self.nginx.replicas[0]
        return f"http://{host}:{self.nginx.port}"


def load_topology(file: Path = TOPOLOGY_FILE, *, network: str | None = None) -> Topology:
    """Read and check the picture; `network` ("127.21") moves every address to another one."""
    drawn = read_tables(file)
    with named_errors(file):
        return _topology(drawn, network)


def _topology(drawn: Mapping[str, Any], network: str | None) -> Topology:
    default = drawn["network"]["default"]
    net = network or default
    if not _NETWORK.fullmatch(net):
        raise TopologyError(f"network {net!r} is not the first half of an address, like 127.20")
    topology = Topology(
        network=net,
        is_default_network=net == default,
        client_network=drawn["network"]["clients"],
        hosts=tuple(drawn["hosts"]["names"]) if "hosts" in drawn else _HOSTS_UNLESS_DRAWN,
        nginx=_nginx(drawn["nginx"], net, with_public=net == default),
        services=_services(drawn["service"], net),
        groups={name: _group(name, table, net) for name, table in drawn["group"].items()},
        redises=_redises(drawn["redis"], net),
        store=_store(drawn["store"], net),
        backup=_backup(drawn["backup"], net),
        dns=Dns(**{**drawn["dns"], "address": f"{net}.{drawn['dns']['address']}"}),
        limits=_limits(drawn),
    )
    _check(topology)
    return topology


def _store(table: Mapping[str, Any], net: str) -> Store:
    second = SecondBucket(**table["second"]) if "second" in table else None
    return Store(**{**table, "address": f"{net}.{table['address']}", "second": second})


def _backup(table: Mapping[str, Any], net: str) -> Backup:
    addresses = {name: f"{net}.{table[name]}" for name in ("address", "keeper")}
    return Backup(**{**table, **addresses})


def _nginx(table: Mapping[str, Any], net: str, *, with_public: bool) -> Nginx:
    return Nginx(
        replicas=tuple(f"{net}.{tail}" for tail in table["replicas"]),
        port=table["port"],
        tls_port=table["tls_port"],
        public_host=table.get("public_host") if with_public else None,
        photo_bytes_max=table["photo_bytes_max"],
        body_bytes_max=table["body_bytes_max"],
        bodies_at_once_per_address=table["bodies_at_once_per_address"],
        trusted_proxies=tuple(_networks(table.get("trusted_proxies", ()))),
        proxy_protocol_port=table.get("proxy_protocol_port"),
        cors_origins=tuple(table.get("cors_origins", ())),
    )


def _networks(given: Iterable[str]) -> Iterator[str]:
    for one in given:
        try:
            yield str(ip_network(one))
        except ValueError as error:
            raise TopologyError(f"nginx.trusted_proxies: {one!r} is no network: {error}") from error


def _services(table: Mapping[str, Any], net: str) -> dict[str, Service]:
    return {
        name: Service(
            name=name,
            replicas=tuple(f"{net}.{tail}" for tail in drawn["replicas"]),
            workers=tuple(f"{net}.{tail}" for tail in drawn.get("workers", ())),
            calls=tuple(drawn["calls"]),
        )
        for name, drawn in table.items()
        if isinstance(drawn, dict)
    }


def _group(name: str, table: Mapping[str, Any], net: str) -> Group:
    return Group(
        name=name,
        shard_count=table["shard_count"],
        primaries=tuple(_primary(name, drawn, net) for drawn in table["primary"]),
    )


def _redises(table: Mapping[str, Any], net: str) -> dict[str, RedisServer]:
    return {
        name: RedisServer(name, f"{net}.{drawn['address']}", drawn["keeps_log"])
        for name, drawn in table.items()
        if isinstance(drawn, dict)
    }


def _primary(group: str, drawn: Mapping[str, Any], net: str) -> Primary:
    first, last = drawn["shards"]
    return Primary(
        node=PostgresNode(drawn["name"], f"{net}.{drawn['address']}", group),
        first_shard=first,
        last_shard=last,
        replicas=tuple(
            PostgresNode(replica["name"], f"{net}.{replica['address']}", group, drawn["name"])
            for replica in drawn.get("replicas", ())
        ),
    )


def _limits(drawn: Mapping[str, Any]) -> Limits:
    return Limits(
        service_port=drawn["service"]["port"],
        drain_seconds=drawn["service"]["drain_seconds"],
        log_level=drawn["service"]["log_level"],
        postgres_port=drawn["postgres"]["port"],
        postgres_connections_max=drawn["postgres"]["connections_max"],
        postgres_pool_max=drawn["postgres"]["pool_max"],
        postgres_shared_buffers=drawn["postgres"]["shared_buffers"],
        postgres_free_bytes_min=drawn["postgres"]["free_bytes_min"],
        redis_port=drawn["redis"]["port"],
        redis_memory_bytes_max=drawn["redis"]["memory_bytes_max"],
        media_url_seconds=drawn["media"]["url_seconds"],
        media_cache_bytes_max=drawn["media"]["cache_bytes_max"],
        loose_limits_factor=drawn["service"]["gateway"]["loose_limits_factor"],
        wait_ms_max=drawn["service"]["wait_ms_max"],
        celebrity_followers_min=drawn["service"]["feed"]["celebrity_followers_min"],
    )


def _check(topology: Topology) -> None:
    for name, kind in (("store", topology.store.kind), ("backup", topology.backup.kind)):
        if kind not in {"embedded", "external"}:
            raise TopologyError(f"{name}.kind is neither embedded nor external")
    check_hosts(topology.hosts)
    check_ports((topology.nginx.port, topology.nginx.tls_port, topology.nginx.proxy_protocol_port))
    for group in topology.groups.values():
        _check_shards(group)
    check_node_names([node.name for node in topology.postgres_nodes])
    if set(topology.redises) != set(topology.services):
        raise TopologyError("every service needs a Redis of its name, and nothing else does")
    for service in topology.services.values():
        unknown = set(service.calls) - set(topology.services)
        if unknown:
            raise TopologyError(f"service {service.name} calls unknown services: {unknown}")
    _check_addresses(topology)


def _check_addresses(topology: Topology) -> None:
    used = [
        topology.dns.address,
        topology.store.address,
        topology.backup.address,
        topology.backup.keeper,
        *topology.nginx.replicas,
        *(node.address for node in topology.postgres_nodes),
        *(redis.address for redis in topology.redises.values()),
        *(
            a
            for service in topology.services.values()
            for a in (*service.replicas, *service.workers)
        ),
    ]
    check_addresses(used)


def _check_shards(group: Group) -> None:
    count = group.shard_count
    if count & (count - 1) or not 0 < count <= 8192:
        raise TopologyError(f"group {group.name}: {count} shards is no power of two up to 8192")
    held = [
        shard
        for primary in group.primaries
        for shard in range(primary.first_shard, primary.last_shard + 1)
    ]
    if sorted(held) != list(range(count)):
        raise TopologyError(f"group {group.name}: each of {count} shards needs exactly one primary")
