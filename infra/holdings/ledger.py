"""The ledger: a JSON document of what the suite held when it was last examined."""

import datetime as dt
import fcntl
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from infra.control.failures import SuiteFailure
from infra.json_files import read_json, write_durably

FORMAT = 1
_FINGERPRINT_CHARS = 16


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PrimaryEntry(_Entry):
    """A primary; it is not yet created without a system identifier, nor filled without shards."""

    group: str
    system_identifier: str | None = None
    timeline: int = 0
    position: int = 0  # bytes of WAL that were safe on its disk
    id_clock_ms: int = 0  # the highest of its shards' id clocks, milliseconds since 2025
    shards: tuple[tuple[int, int], ...] = ()
    seen_at: dt.datetime | None = None


class StoreEntry(_Entry):
    """The object store; without an identity it is not yet created."""

    identity: str | None = None
    objects: int = 0
    seen_at: dt.datetime | None = None


class MapEntry(_Entry):
    """The shard map that was written last."""

    version: int
    sha256: str


class DrawnPrimary(_Entry):
    """A primary of the applied topology."""

    first_shard: int
    last_shard: int
    address: str
    replicas: Mapping[str, str] = Field(default_factory=dict)  # address by name


class DrawnGroup(_Entry):
    """A shard group of the applied topology."""

    shard_count: int
    primaries: Mapping[str, DrawnPrimary]


class Ledger(_Entry):
    """The whole ledger; None means not created yet. Other parts of infra own `sections`."""

    format: int = FORMAT
    suite: str
    sequence: int = 0
    written_at: dt.datetime | None = None
    network: str
    adopted: bool = False  # whether the suite existed before its ledger
    secrets: Mapping[str, str] | None = None  # fingerprints by name
    authority: str | None = None  # fingerprint of the CA's certificate
    maps: Mapping[str, MapEntry] = Field(default_factory=dict)
    primaries: Mapping[str, PrimaryEntry] = Field(default_factory=dict)
    store: StoreEntry | None = None
    applied: Mapping[str, DrawnGroup] | None = None
    begun_anew: Mapping[str, dt.datetime] = Field(default_factory=dict)  # by ANEW=
    sections: Mapping[str, Any] = Field(default_factory=dict)

    def fingerprint(self, value: str) -> str:
        """Return a digest of a secret that shows only whether the secret is the same."""
        digest = hmac.new(self.suite.encode(), value.encode(), hashlib.sha256)
        return digest.hexdigest()[:_FINGERPRINT_CHARS]


EntryT = TypeVar("EntryT", bound=_Entry)


def changed(entry: EntryT, **values: Any) -> EntryT:
    """Return a copy with other values."""
    return entry.model_copy(update=values)


def new_ledger(network: str) -> Ledger:
    """Make the ledger of a suite of which nothing exists yet."""
    return Ledger(suite=secrets.token_hex(8), network=network)


def ledger_text(ledger: Ledger) -> str:
    """Return the document as text, for a file or a database."""
    return json.dumps(ledger.model_dump(mode="json"), indent=1) + "\n"


def parse_ledger(document: Any, where: str) -> Ledger:
    """Check a document; raises SuiteFailure with its first fault."""
    try:
        ledger = Ledger.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise SuiteFailure(f"{where}: the ledger's {place} is wrong: {first['msg']}.") from None
    if ledger.format > FORMAT:
        raise SuiteFailure(f"{where} was written by newer code: use that code, or a newer one.")
    return ledger


def read_ledger(file: Path) -> Ledger | None:
    """Read the ledger of a run folder, None without one; raises SuiteFailure if it is broken."""
    if not file.exists():
        return None
    return parse_ledger(read_json(file), str(file))


def write_ledger(file: Path, ledger: Ledger) -> Ledger:
    """Write the ledger durably, with the next sequence number; returns it as written.

    The file's sections stay, because their owners may have written them meanwhile.
    """
    with _one_writer(file):
        there = read_ledger(file)
        if there is not None:
            sequence = max(there.sequence, ledger.sequence)
            sections = {**ledger.sections, **there.sections}
            ledger = changed(ledger, sequence=sequence, sections=sections)
        return _written(file, ledger)


def keep_section(file: Path, name: str, value: Any) -> None:
    """Write a section of the ledger, for its owner; raises SuiteFailure without a ledger."""
    with _one_writer(file):
        there = read_ledger(file)
        if there is None:
            raise SuiteFailure(f"{file} is missing: `make up` makes it.")
        _written(file, changed(there, sections={**there.sections, name: value}))


def _written(file: Path, ledger: Ledger) -> Ledger:
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    numbered = changed(ledger, sequence=ledger.sequence + 1, written_at=now)
    write_durably(file, ledger_text(numbered))
    return numbered


@contextmanager
def _one_writer(file: Path) -> Iterator[None]:
    """Lock the ledger's folder, so that nobody else writes between our read and write."""
    descriptor = os.open(file.parent, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def newest(ledgers: list[Ledger]) -> Ledger | None:
    """Return the ledger that was written last."""
    return max(ledgers, key=lambda ledger: ledger.sequence, default=None)


def file_sha256(file: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    return hashlib.sha256(file.read_bytes()).hexdigest()
