"""Reads what the topology draws of Postgres and Redis: servers of ours, or of somebody else."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from infra.plan.database_roles import login_roles
from infra.plan.figures import ExternalGroup, ExternalRedis
from infra.topology_tables import TopologyError

EMBEDDED, EXTERNAL = "embedded", "external"
# What may stand in a host's name, a role's and a database's, and in nothing that reads them.
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
_PORT_MAX = 65_535


@dataclass(frozen=True, slots=True)
class Server:
    """A Postgres server: one of ours has an address, and one of somebody else a host and a port."""

    name: str
    address: str
    host: str = ""
    port: int = 0


@dataclass(frozen=True, slots=True)
class Primary:
    """A primary, the inclusive range of logical shards that it starts with, and its replicas."""

    server: Server
    first_shard: int
    last_shard: int
    replicas: tuple[Server, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """The primaries of one service; with `external` somebody else runs them."""

    shard_count: int
    primaries: tuple[Primary, ...]
    external: ExternalGroup | None = None


@dataclass(frozen=True, slots=True)
class Redis:
    """The Redis of a service; with `keeps_log` its data outlives the process.

    With `external` somebody else runs it, and it has no address.
    """

    address: str
    keeps_log: bool
    external: ExternalRedis | None = None


def group_of(name: str, table: Mapping[str, Any], net: str) -> Group:
    """Return a group as drawn; raises TopologyError."""
    is_external = _is_external(f"group.{name}", table)
    return Group(
        shard_count=table["shard_count"],
        primaries=tuple(
            _primary(drawn, net, is_external=is_external) for drawn in table["primary"]
        ),
        external=_external_group(name, table) if is_external else None,
    )


def _primary(drawn: Mapping[str, Any], net: str, *, is_external: bool) -> Primary:
    first, last = drawn["shards"]
    replicas = drawn.get("replicas", ())
    return Primary(
        server=_server(drawn, net, is_external=is_external),
        first_shard=first,
        last_shard=last,
        replicas=tuple(_server(one, net, is_external=is_external) for one in replicas),
    )


def redises_of(table: Mapping[str, Any], net: str) -> dict[str, Redis]:
    """Return the Redis of each service as drawn; raises TopologyError."""
    found = {
        name: _redis(name, drawn, net) for name, drawn in table.items() if isinstance(drawn, dict)
    }
    _require_own_keys(found)
    return found


def check_kind(where: str, kind: str) -> None:
    """Raise TopologyError unless a kind is one of the two."""
    if kind not in {EMBEDDED, EXTERNAL}:
        raise TopologyError(f"{where}.kind is neither embedded nor external")


def check_file(where: str, file: str) -> None:
    """Raise TopologyError unless a file is named by its whole path, or not at all."""
    if file and not PurePosixPath(file).is_absolute():
        raise TopologyError(f"{where}: {file!r} is no path that begins with /")


def check_plain(where: str, values: Iterable[str]) -> None:
    """Raise TopologyError for a name with characters that mean something to who reads it."""
    for value in values:
        if not isinstance(value, str) or not value or not _PLAIN.issuperset(value):
            raise TopologyError(
                f"{where}: {value!r} is no name of letters, digits, '.', '_' or '-'"
            )


def _is_external(where: str, table: Mapping[str, Any]) -> bool:
    kind = table.get("kind", EMBEDDED)
    check_kind(where, kind)
    return bool(kind == EXTERNAL)


def _external_group(name: str, table: Mapping[str, Any]) -> ExternalGroup:
    group = ExternalGroup(
        database=table.get("database", name),
        owner=table.get("owner", name),
        login=table.get("login", login_roles(name)[0]),
        ca_file=table.get("ca_file", ""),
    )
    check_plain(f"group.{name}", (group.database, group.owner, group.login))
    check_file(f"group.{name}.ca_file", group.ca_file)
    return group


def _server(drawn: Mapping[str, Any], net: str, *, is_external: bool) -> Server:
    name = drawn["name"]
    if not is_external:
        return Server(name, f"{net}.{drawn['address']}")
    host, port = drawn["host"], drawn.get("port", 0)
    check_plain(name, (host,))
    if not isinstance(port, int) or not 0 <= port <= _PORT_MAX:
        raise TopologyError(f"{name}: {port!r} is no port")
    return Server(name, "", host, port)


def _redis(name: str, drawn: Mapping[str, Any], net: str) -> Redis:
    if not _is_external(f"redis.{name}", drawn):
        return Redis(f"{net}.{drawn['address']}", drawn["keeps_log"])
    where, url = f"redis.{name}", drawn["url"]
    parsed = urlsplit(url)
    if parsed.scheme != "rediss" or not parsed.hostname:
        raise TopologyError(f"{where}.url is no rediss://user@host:port/database, as it needs TLS")
    if parsed.password is not None:
        raise TopologyError(f"{where}.url has a password, which belongs into secrets.json")
    database = parsed.path.removeprefix("/") or "0"
    if not database.isdecimal():
        raise TopologyError(f"{where}.url names the database {database!r}, which is no number")
    check_plain(where, (parsed.hostname, *((parsed.username,) if parsed.username else ())))
    external = ExternalRedis(
        user=parsed.username or "",
        host=parsed.hostname,
        port=parsed.port or 6379,
        database=int(database),
        ca_file=drawn.get("ca_file", ""),
    )
    check_file(f"{where}.ca_file", external.ca_file)
    return Redis("", keeps_log=False, external=external)


def _require_own_keys(redises: Mapping[str, Redis]) -> None:
    """Raise TopologyError if two services would hear and write what is the other one's."""
    places: dict[tuple[str, int], str] = {}
    for name, redis in redises.items():
        if redis.external is None:
            continue
        other = places.setdefault(redis.external.place, name)
        if other != name:
            raise TopologyError(
                f"redis.{name} and redis.{other} are the same server at {redis.external.host}: each"
                " service needs one of its own, because channels are of the whole server"
            )
