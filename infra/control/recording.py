"""Writes the ledger of what the suite holds: into the run folder, the databases and the store."""

import asyncio
import datetime as dt

import asyncpg

from infra.authority_files import authority_fingerprint
from infra.elsewhere.holdings import recorded_shards
from infra.holdings.control_data import ControlData, FolderDamaged, read_control_data
from infra.holdings.gathering import look_at_secrets
from infra.holdings.inside import Seen, see, write_inside
from infra.holdings.last_leaders import last_leader
from infra.holdings.ledger import (
    Ledger,
    MapEntry,
    PrimaryEntry,
    changed,
    file_sha256,
    read_ledger,
    write_ledger,
)
from infra.holdings.positions import ranges_of
from infra.holdings.store_marker import mark_store
from infra.holdings.topology_changes import drawn_groups
from infra.leaders import leaders
from infra.plan.parts import Member
from infra.rendering.postgres import data_folder
from infra.suite import Suite
from shared.sharding.shard_map import parse_shard_map

_FAULTS = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)


async def record_running(suite: Suite, ledger: Ledger) -> Ledger:
    """Ask all primaries, which must answer, and write the ledger everywhere."""
    nodes = _primaries(suite)
    seen = await asyncio.gather(*(see(suite, node) for node in nodes))
    shards = _shards_by_primary(suite)
    held = {name: tuple(ranges_of(list(of))) for name, of in shards.items()}
    primaries = {**ledger.primaries, **recorded_shards(suite, ledger, held)}
    for node, now in zip(nodes, seen, strict=True):
        entry = primaries.get(node.name) or PrimaryEntry(group=node.service)
        primaries[node.name] = _advanced(entry, now, shards[node.name])
    ledger = changed(
        ledger,
        primaries=primaries,
        secrets=look_at_secrets(suite.folder.secrets_file, ledger).fingerprints,
        authority=_authority(suite),
        maps={group: _map_entry(suite, group) for group in suite.plan.groups},
        applied=drawn_groups(suite.plan),
        store=await mark_store(suite, ledger),
    )
    ledger = write_ledger(suite.folder.ledger_file, ledger)
    await asyncio.gather(*(write_inside(suite, node, ledger) for node in nodes))
    return ledger


async def record_if_possible(suite: Suite) -> bool:
    """Record a suite of which parts may be down; returns whether that was possible."""
    ledger = read_ledger(suite.folder.ledger_file)
    if ledger is None or ledger.secrets is None:
        return False
    try:
        await record_running(suite, ledger)
    except _FAULTS:
        return False
    return True


def record_secrets(suite: Suite) -> None:
    """Record the secrets as they are now, so that the next start accepts them."""
    ledger = read_ledger(suite.folder.ledger_file)
    if ledger is None or ledger.secrets is None:
        return
    found = look_at_secrets(suite.folder.secrets_file, ledger).fingerprints
    write_ledger(suite.folder.ledger_file, changed(ledger, secrets=found))


def record_stopped(suite: Suite) -> None:
    """After a stop, record each primary's last position; a recorded position never goes back."""
    ledger = read_ledger(suite.folder.ledger_file)
    if ledger is None:
        return
    primaries = dict(ledger.primaries)
    for database in suite.plan.databases:
        entry = primaries.get(database.name)
        if entry is None or entry.system_identifier is None:
            continue
        try:
            control = read_control_data(data_folder(suite, last_leader(suite, database)))
        except (FolderDamaged, OSError):
            continue  # the next start reports the damage
        primaries[database.name] = _closed(entry, control)
    write_ledger(suite.folder.ledger_file, changed(ledger, primaries=primaries))


def _authority(suite: Suite) -> str:
    drawn = suite.plan.certificates
    return authority_fingerprint(suite.folder.pki) if drawn.embedded else drawn.kind


def _primaries(suite: Suite) -> tuple[Member, ...]:
    return leaders(suite.plan.databases)


def _advanced(entry: PrimaryEntry, now: Seen, shards: tuple[int, ...]) -> PrimaryEntry:
    return changed(
        entry,
        system_identifier=now.system_identifier,
        timeline=now.timeline,
        position=now.position,
        id_clock_ms=max(entry.id_clock_ms, now.id_clock_ms),
        shards=tuple(ranges_of(list(shards))),
        seen_at=_now(),
    )


def _closed(entry: PrimaryEntry, control: ControlData) -> PrimaryEntry:
    is_ours = control.system_identifier == entry.system_identifier
    known = (entry.timeline, entry.position)
    if not is_ours or not control.was_closed or (control.timeline, control.position) < known:
        return entry
    return changed(entry, timeline=control.timeline, position=control.position, seen_at=_now())


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC).replace(microsecond=0)


def _shards_by_primary(suite: Suite) -> dict[str, tuple[int, ...]]:
    held = {}
    for group in suite.plan.groups.values():
        shard_map = parse_shard_map(suite.folder.shard_map(group.name).read_bytes())
        for database in group.databases:
            held[database.name] = shard_map.shards_on(database.name)
    return held


def _map_entry(suite: Suite, group: str) -> MapEntry:
    file = suite.folder.shard_map(group)
    return MapEntry(version=parse_shard_map(file.read_bytes()).version, sha256=file_sha256(file))
