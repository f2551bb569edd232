"""The ledger: what the suite held when it was last looked at, as one JSON document."""

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
    """A primary; without a system identifier it has yet to be made, without shards to be filled."""

    group: str
    system_identifier: str | None = None
    timeline: int = 0
    position: int = 0  # bytes of log that were safe on its disk
    id_clock_ms: int = 0  # the highest of its shards' id clocks, milliseconds since 2025
    shards: tuple[tuple[int, int], ...] = ()
    seen_at: dt.datetime | None = None


class StoreEntry(_Entry):
    """The object store; without an identity it has yet to be made."""

    identity: str | None = None
    objects: int = 0
    seen_at: dt.datetime | None = None


class MapEntry(_Entry):
    """A shard map as it was written last."""

    version: int
    sha256: str


class DrawnPrimary(_Entry):
    """A primary as the topology drew it."""

    first_shard: int
    last_shard: int
    address: str
    replicas: Mapping[str, str] = Field(default_factory=dict)  # address by name


class DrawnGroup(_Entry):
    """A shard group as the topology drew it."""

    shard_count: int
    primaries: Mapping[str, DrawnPrimary]


class Ledger(_Entry):
    """All of it; None where nothing was made yet. `sections` belong to other parts of infra."""

    format: int = FORMAT
    suite: str
    sequence: int = 0
    written_at: dt.datetime | None = None
    network: str
    adopted: bool = False  # it began over a suite that was there already
    secrets: Mapping[str, str] | None = None  # fingerprints by name
    authority: str | None = None  # fingerprint of the CA's certificate
    maps: Mapping[str, MapEntry] = Field(default_factory=dict)
    primaries: Mapping[str, PrimaryEntry] = Field(default_factory=dict)
    store: StoreEntry | None = None
    applied: Mapping[str, DrawnGroup] | None = None
    begun_anew: Mapping[str, dt.datetime] = Field(default_factory=dict)  # by an operator's word
    sections: Mapping[str, Any] = Field(default_factory=dict)

    def fingerprint(self, value: str) -> str:
        """Tells whether a secret is the same, and nothing else of it."""
        digest = hmac.new(self.suite.encode(), value.encode(), hashlib.sha256)
        return digest.hexdigest()[:_FINGERPRINT_CHARS]


EntryT = TypeVar("EntryT", bound=_Entry)


def changed(entry: EntryT, **values: Any) -> EntryT:
    """A copy with other values."""
    return entry.model_copy(update=values)


def new_ledger(network: str) -> Ledger:
    """Of a suite of which nothing was made yet."""
    return Ledger(suite=secrets.token_hex(8), network=network)


def ledger_text(ledger: Ledger) -> str:
    """The document, for a file or a database."""
    return json.dumps(ledger.model_dump(mode="json"), indent=1) + "\n"


def parse_ledger(document: Any, where: str) -> Ledger:
    """Check a document; raises SuiteFailure with the first thing that is wrong with it."""
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
    """The ledger of a run folder, None if there is none; raises SuiteFailure if it is broken."""
    if not file.exists():
        return None
    return parse_ledger(read_json(file), str(file))


def write_ledger(file: Path, ledger: Ledger) -> Ledger:
    """Write it with the next sequence number, so that a later crash finds it whole.

    Sections are kept as they are in the file: they belong to others, who may have written since.
    """
    with _one_writer(file):
        there = read_ledger(file)
        if there is not None:
            sequence = max(there.sequence, ledger.sequence)
            sections = {**ledger.sections, **there.sections}
            ledger = changed(ledger, sequence=sequence, sections=sections)
        return _written(file, ledger)


def keep_section(file: Path, name: str, value: Any) -> None:
    """Keep something of another part of infra in the ledger; raises SuiteFailure without one."""
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
    """Between reading and writing nobody else writes; the folder itself is what is locked."""
    descriptor = os.open(file.parent, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def newest(ledgers: list[Ledger]) -> Ledger | None:
    """The one that was written last."""
    return max(ledgers, key=lambda ledger: ledger.sequence, default=None)


def file_sha256(file: Path) -> str:
    """The digest of a file's bytes."""
    return hashlib.sha256(file.read_bytes()).hexdigest()
