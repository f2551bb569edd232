"""The shard map: a versioned file that names each logical shard's primary, and may change."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from shared.ids import SHARD_COUNT_MAX, shard_bits
from shared.logs import get_logger

# A change of the file is noticed within this time even if no statement fails because of it.
CHECK_SECONDS = 1.0

log = get_logger()


class ShardMapError(ValueError):
    """The shard map is missing or unusable; the message says why."""


@dataclass(frozen=True, slots=True)
class NodeAddress:
    """A Postgres server; `host` is the name in its certificate."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Primary:
    """Servers with the same data, one of which takes the writes for some shards.

    Without a `leader` the members elect one, which may change at any moment.
    """

    name: str
    members: tuple[NodeAddress, ...]
    leader: NodeAddress | None

    @property
    def candidates(self) -> tuple[NodeAddress, ...]:
        """The members that may take writes: the leader, or all if they elect one."""
        return self.members if self.leader is None else (self.leader,)

    @property
    def replicas(self) -> tuple[NodeAddress, ...]:
        """The members that may follow: all but a leader that the map names."""
        return tuple(member for member in self.members if member != self.leader)


@dataclass(frozen=True, slots=True)
class ShardMap:
    """One version of the map; `primary_by_shard` has one entry per logical shard."""

    group: str
    version: int
    primaries: Mapping[str, Primary]
    primary_by_shard: tuple[Primary, ...]

    @property
    def nodes(self) -> frozenset[NodeAddress]:
        """All servers of the group."""
        return frozenset(node for home in self.primaries.values() for node in home.members)

    @property
    def shard_count(self) -> int:
        """The number of logical shards, a power of two that never changes for a group."""
        return len(self.primary_by_shard)

    def shard_of(self, owner_or_item_id: int) -> int:
        """Return the shard of a user's rows, or of an item created in that user's shard."""
        return shard_bits(owner_or_item_id) & (self.shard_count - 1)

    def shards_on(self, primary: str) -> tuple[int, ...]:
        """Return the shards of a primary in ascending order."""
        return tuple(
            shard for shard, home in enumerate(self.primary_by_shard) if home.name == primary
        )


def schema_of(shard: int) -> str:
    """Return the name of the schema that holds a logical shard."""
    return f"shard_{shard:04d}"


def parse_shard_map(text: bytes) -> ShardMap:
    """Parse a map, and check that each shard has exactly one primary; raises ShardMapError."""
    try:
        document = orjson.loads(text)
        primaries = dict(_primaries(document["primaries"]))
        homes: list[Primary | None] = [None] * _shard_count(document["shard_count"])
        for entry in document["shards"]:
            _assign(homes, entry, primaries)
        group, version = str(document["group"]), int(document["version"])
    except (KeyError, TypeError, IndexError, orjson.JSONDecodeError) as error:
        raise ShardMapError(f"the shard map cannot be read: {error!r}") from error
    homeless = [shard for shard, home in enumerate(homes) if home is None]
    if homeless:
        raise ShardMapError(f"the shard map names no primary for the shards {homeless}")
    return ShardMap(group, version, primaries, tuple(home for home in homes if home is not None))


def _shard_count(count: int) -> int:
    if not 0 < count <= SHARD_COUNT_MAX or count & (count - 1):
        raise ShardMapError(f"shard_count {count} is not a power of two up to {SHARD_COUNT_MAX}")
    return count


def _primaries(entries: dict[str, dict[str, Any]]) -> Iterator[tuple[str, Primary]]:
    for name, entry in entries.items():
        yield name, _primary(name, entry)


def _primary(name: str, entry: dict[str, Any]) -> Primary:
    """Read `members`, of which none leads for good, or a leader with its `replicas`."""
    members = tuple(_address(member) for member in entry.get("members", ()))
    if not members:
        leader = _address(entry)
        replicas = tuple(_address(replica) for replica in entry.get("replicas", ()))
        return Primary(name, (leader, *replicas), leader)
    if "host" in entry or "replicas" in entry:
        raise ShardMapError(f"the shard map names both members and a leader of {name}")
    return Primary(name, members, None)


def _address(entry: dict[str, Any]) -> NodeAddress:
    return NodeAddress(str(entry["host"]), int(entry["port"]))


def _assign(
    homes: list[Primary | None], entry: dict[str, Any], primaries: Mapping[str, Primary]
) -> None:
    for shard in range(entry["first"], entry["last"] + 1):
        if homes[shard] is not None:
            raise ShardMapError(f"the shard map names two primaries for the shard {shard}")
        homes[shard] = primaries[entry["primary"]]


class ShardMapFile:
    """The newest valid map of a file, which is checked at most once a second, on use.

    The constructor raises ShardMapError if the file has no valid map.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._mark = self._file_mark()
            self._map = parse_shard_map(path.read_bytes())
        except OSError as error:
            raise ShardMapError(f"the shard map {path} cannot be read: {error}") from error
        self._checked_s = time.monotonic()

    def current(self) -> ShardMap:
        """Return the present map, after a check of the file if one is due."""
        if time.monotonic() - self._checked_s >= CHECK_SECONDS:
            self.reload()
        return self._map

    def reload(self) -> ShardMap:
        """Check the file now, because a shard is not where the map says, and return the map.

        A broken or older map, or one of another shape, is ignored. An outdated map is safe, because
        a database without the shard's schema refuses the statement; a wrong map is not.
        """
        self._checked_s = time.monotonic()
        try:
            mark = self._file_mark()
            if mark != self._mark:
                self._take_over(parse_shard_map(self._path.read_bytes()))
                self._mark = mark
        except (OSError, ShardMapError) as error:
            log.warning("shard map not taken over", path=str(self._path), reason=str(error))
        return self._map

    def _take_over(self, proposed: ShardMap) -> None:
        present = self._map
        if (proposed.group, proposed.shard_count) != (present.group, present.shard_count):
            raise ShardMapError("it describes another group or another number of shards")
        if proposed.version < present.version:
            raise ShardMapError(f"version {proposed.version} is older than {present.version}")
        log.info("shard map taken over", group=proposed.group, version=proposed.version)
        self._map = proposed

    def _file_mark(self) -> tuple[int, int, int]:
        stat = self._path.stat()
        return stat.st_mtime_ns, stat.st_size, stat.st_ino
