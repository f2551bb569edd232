"""Facts about the data on disk while nothing runs, without any judgement."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path


class Presence(Enum):
    """The condition of a thing."""

    MISSING = "missing"
    DAMAGED = "damaged"
    WHOLE = "whole"
    IN_USE = "in use"  # by a process of this suite, so that only its identity can be judged


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """The data folder of one Postgres server; figures are valid only if it is WHOLE or IN_USE."""

    name: str
    folder: Path
    presence: Presence
    damage: str = ""
    system_identifier: str = ""
    timeline: int = 0
    position: int = 0  # the end of its data and its WAL
    log_begins: int = 0  # the oldest position from which a replica could follow
    is_standby: bool = False

    @property
    def is_there(self) -> bool:
        """Whether the server's identity could be read."""
        return self.presence in {Presence.WHOLE, Presence.IN_USE}


@dataclass(frozen=True, slots=True)
class FileFacts:
    """One or more files; `fingerprints` is by name, and a single one has the name ''.

    `former` has those of values that a secret had before, while they still count.
    """

    file: Path
    presence: Presence
    damage: str = ""
    fingerprints: Mapping[str, str] = field(default_factory=dict)
    former: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MapFacts:
    """The shard map of a group, which names the primary of each shard."""

    file: Path
    presence: Presence
    damage: str = ""
    version: int = 0
    sha256: str = ""
    shards_by_primary: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StoreFacts:
    """The object store: its marker, and the number of its objects."""

    place: str
    presence: Presence
    damage: str = ""
    identity: str | None = None
    suite: str | None = None
    objects: int = 0


@dataclass(frozen=True, slots=True)
class Facts:
    """All facts; `servers` has an entry for each server of the topology."""

    servers: Mapping[str, ServerFacts]
    secrets: FileFacts
    authority: FileFacts
    maps: Mapping[str, MapFacts]
    store: StoreFacts | None  # None if the store was not examined

    @property
    def nothing_is_there(self) -> bool:
        """Whether the folder has no server, map or CA, so that no suite ever started there."""
        parts = [
            *(server.presence for server in self.servers.values()),
            *(shard_map.presence for shard_map in self.maps.values()),
            self.authority.presence,
        ]
        return all(presence is Presence.MISSING for presence in parts)
