"""What lies on disk when nothing runs, described without any judgement of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path


class Presence(Enum):
    """How much of a thing there is."""

    MISSING = "missing"
    DAMAGED = "damaged"
    WHOLE = "whole"
    IN_USE = "in use"  # by a process of this suite: only its identity can be judged


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """The data folder of one Postgres server; figures count only if it is WHOLE or IN_USE."""

    name: str
    folder: Path
    presence: Presence
    damage: str = ""
    system_identifier: str = ""
    timeline: int = 0
    position: int = 0  # how far its data and its log go
    log_begins: int = 0  # the oldest position that a replica could still ask of it
    is_standby: bool = False

    @property
    def is_there(self) -> bool:
        """Whether its identity could be read."""
        return self.presence in {Presence.WHOLE, Presence.IN_USE}


@dataclass(frozen=True, slots=True)
class FileFacts:
    """A file, or files that belong together, by their fingerprints: by name, or one named ''."""

    file: Path
    presence: Presence
    damage: str = ""
    fingerprints: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MapFacts:
    """The shard map of a group: where it says that shards live."""

    file: Path
    presence: Presence
    damage: str = ""
    version: int = 0
    sha256: str = ""
    shards_by_primary: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StoreFacts:
    """The object store: who it says it is, and how much it holds."""

    place: str
    presence: Presence
    damage: str = ""
    identity: str | None = None
    suite: str | None = None
    objects: int = 0


@dataclass(frozen=True, slots=True)
class Facts:
    """All of it; `servers` has an entry for each server of the topology and of the ledger."""

    servers: Mapping[str, ServerFacts]
    secrets: FileFacts
    authority: FileFacts
    maps: Mapping[str, MapFacts]
    store: StoreFacts | None  # None: it was not looked at

    @property
    def nothing_is_there(self) -> bool:
        """Whether no suite ever began in this folder."""
        parts = [
            *(server.presence for server in self.servers.values()),
            *(shard_map.presence for shard_map in self.maps.values()),
            self.authority.presence,
        ]
        return all(presence is Presence.MISSING for presence in parts)
