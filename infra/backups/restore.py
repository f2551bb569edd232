"""Restores databases, photos and keys into the run folder of a suite that is down."""

import asyncio
import json
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex

from infra.accounts import account_for
from infra.backups.another_suite import adopt, has_suite, is_of_another, put_another_aside
from infra.backups.bundle import (
    read_bundle,
    topology_differs,
    write_bundle,
    write_topology,
)
from infra.backups.estimates import Estimate
from infra.backups.pgbackrest import at_moment
from infra.backups.photos import PhotoCopies
from infra.backups.restorable import (
    Restorable,
    backup_before,
    moment_to_restore,
    repository_in,
    restorable,
    target_of,
)
from infra.backups.scratch_server import recovered
from infra.backups.source import Source
from infra.backups.state import read_erasures, read_mark, spelled
from infra.backups.subprocesses import BackupFailure
from infra.control.leftovers import end_processes, leftover_pids
from infra.control.passwords import give_password
from infra.control.ports import require_free
from infra.control.progress import Progress
from infra.control.supervisor import Supervisor
from infra.json_files import write_durably
from infra.leaders import leaders
from infra.plan.parts import Member, ShardGroup
from infra.rendering.files import make_folder, write_rendered
from infra.rendering.postgres import data_folder
from infra.secret_values import KEY_BYTES
from infra.suite import Suite

# A recovery uses about one processor.
_AT_ONCE = 2
# Room for a day's WAL and for Postgres' other files.
_ROOM_FACTOR = 1.5
_ENDED_WITHIN_S = 20.0


@dataclass(frozen=True, slots=True)
class Restoration:
    """What a restore will do.

    `found` and `targets`, the time at which each recovery stops, are in the order of `nodes`.
    """

    groups: tuple[ShardGroup, ...]
    nodes: tuple[Member, ...]
    found: tuple[Restorable, ...]
    targets: tuple[datetime, ...]
    moment: datetime


@dataclass(frozen=True, slots=True)
class Wish:
    """What to restore: a time or None for the newest, and a group or "" for all.

    `replaces` allows putting aside existing data, and with `takes_place` that of another suite,
    too. `is_moved` means that the target is another folder or machine than that of the backups.
    """

    at: datetime | None
    group: str
    replaces: bool
    is_moved: bool
    takes_place: bool = False


def clear_the_ground(suite: Suite) -> None:
    """End the processes of a killed restore.

    Raises SuiteFailure if the folder's suite is up, or if other programs hold its addresses.
    """
    if Supervisor(suite.folder).is_running():
        raise BackupFailure(
            f"The suite of {suite.folder.root} is up: `make down` first, or name another folder"
            " with INTO= and another network with NET=."
        )
    endpoints = suite.plan.endpoints
    end_processes(leftover_pids(suite.folder, endpoints), timeout_s=_ENDED_WITHIN_S)
    require_free(endpoints)


async def restoration_of(suite: Suite, source: Source, wish: Wish) -> Restoration:
    """Plan a restore; raises BackupFailure, before any data changes, if it is impossible."""
    groups = _chosen(suite, wish.group)
    nodes = tuple(node for group in groups for node in leaders(group.databases))
    for folder in ("data", "etc", "cache"):
        make_folder(suite.folder.root / folder, account_for("supervisor"), 0o711)
    mark = await read_mark(source.bucket, source.place)
    found = tuple([await restorable(suite, source, node) for node in nodes])
    moment = moment_to_restore(wish.at, mark, found)
    _require_disk_space(suite, found)
    _require_place(suite, groups, wish)
    reaches = mark.reaches if mark else {}
    targets = tuple(target_of(reaches[node.name], moment) for node in nodes)
    return Restoration(tuple(groups), nodes, found, targets, moment)


async def prepare_folder(suite: Suite, source: Source, wish: Wish, progress: Progress) -> None:
    """Write missing keys and shard maps from the backups into the folder.

    Raises BackupFailure if the folder belongs to another suite. Afterwards the suite's secrets are
    readable.
    """
    files = await read_bundle(source.bucket, source.place, wish.at)
    if topology_differs(files):
        copy = write_topology(files, suite.folder)
        progress.say(f"infra/topology.toml is not as it was then: {copy} is")
    _make_place(suite, files["secrets.json"], wish, progress)
    write_bundle(files, suite.folder)
    progress.say(f"keys, certificates and shard maps are in {suite.folder.root}")


async def restore_data(
    suite: Suite, source: Source, restoration: Restoration, progress: Progress
) -> None:
    """Restore databases and photos; until this succeeds, the suite cannot start."""
    moment = restoration.moment
    write_durably(suite.folder.restoring_file, spelled(moment) + "\n")
    for old in _put_aside(suite, restoration.groups):
        progress.say(f"put aside: {old}")
    names = ", ".join(node.name for node in restoration.nodes)
    progress.say(f"restoring {names} to {spelled(moment)} UTC")
    gate = asyncio.Semaphore(_AT_ONCE)

    async def restore(node: Member, part: Restorable, target: datetime) -> None:
        async with gate:
            await _restore_primary(suite, source, node, (part, target), progress)

    try:
        async with asyncio.TaskGroup() as restores:
            for of_one in zip(
                restoration.nodes, restoration.found, restoration.targets, strict=True
            ):
                restores.create_task(restore(*of_one))
    except ExceptionGroup as failures:
        # One failure is enough for the operator.
        raise failures.exceptions[0] from None
    if any(group.name == "upload" for group in restoration.groups):
        copies = PhotoCopies(suite, source.place)
        held = await copies.restore(moment, Estimate(progress, "photos").hear)
        progress.say(f"photos: {held.objects} objects, {held.bytes / 1e6:.0f} MB")
    # Redis has no only copies, and its content belongs to another time.
    shutil.rmtree(suite.folder.data / "redis", ignore_errors=True)
    await _note_what_is_to_do(suite, source, moment)
    suite.folder.restoring_file.unlink()


async def _restore_primary(
    suite: Suite,
    source: Source,
    node: Member,
    chosen: tuple[Restorable, datetime],
    progress: Progress,
) -> None:
    found, moment = chosen
    began_s = progress.seconds
    account = account_for("postgres")
    draft = data_folder(suite, node).with_name(f"{node.name}.unfinished")
    shutil.rmtree(draft, ignore_errors=True)
    make_folder(draft, account)
    backup = backup_before(found, moment)
    repository = repository_in(suite, source, node)
    hear = Estimate(progress, node.name).hear
    await repository.restore(draft, backup.label, at_moment(moment, backup.timeline), hear)
    copied_s = progress.seconds
    async with (
        recovered(suite, draft, keep=True) as scratch,
        scratch.connected("postgres") as connection,
    ):
        # The data may be of a time before a rotation.
        await give_password(suite, connection)
    # Removes the recovery settings, which the new primary must not have.
    write_rendered(draft / "postgresql.auto.conf", "", account)
    draft.rename(data_folder(suite, node))
    progress.say(
        f"{node.name}: {backup.database_bytes / 1e6:.0f} MB from {backup.label} in"
        f" {copied_s - began_s:.1f} s, WAL in {progress.seconds - copied_s:.1f} s"
    )


def _chosen(suite: Suite, group: str) -> list[ShardGroup]:
    groups = suite.plan.groups
    if group and group not in groups:
        raise BackupFailure(f"G= is one of {', '.join(groups)}, and not {group}.")
    return [groups[group]] if group else list(groups.values())


def _require_disk_space(suite: Suite, found: Iterable[Restorable]) -> None:
    needed = sum(part.backups[-1].database_bytes for part in found) * _ROOM_FACTOR
    free = shutil.disk_usage(suite.folder.root).free
    if free < needed:
        raise BackupFailure(
            f"The restore takes some {needed / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free below"
            f" {suite.folder.root}: make room and run the same command again."
        )


def _require_place(suite: Suite, groups: Sequence[ShardGroup], wish: Wish) -> None:
    # The data of an interrupted restore is put aside without a question.
    may_replace = wish.replaces or suite.folder.restoring_file.exists()
    standing = _standing(suite, groups)
    if standing and not may_replace:
        raise BackupFailure(
            f"{standing[0]} holds data already: REPLACE=1 puts it aside, INTO= restores into"
            " another folder."
        )


def _make_place(suite: Suite, secrets: bytes, wish: Wish, progress: Progress) -> None:
    """Write the secrets of a suite that comes from elsewhere; another one is put aside if named.

    Its own secrets would not fit the restored databases. Raises BackupFailure.
    """
    if is_of_another(suite, secrets):
        if not (wish.replaces and wish.takes_place):
            raise BackupFailure(
                f"{suite.folder.root} holds another suite than these backups are of: REPLACE=1 with"
                " SUITE= puts that one aside. INTO= restores into another folder, and NET= gives it"
                " another network."
            )
        progress.say(f"put aside, with its secrets: {put_another_aside(suite)}")
    elif has_suite(suite):
        return
    # The moved suite gets a new name, because two suites would spoil a shared archive.
    adopt(suite, _renamed(secrets) if wish.is_moved else secrets)


def _standing(suite: Suite, groups: Sequence[ShardGroup]) -> list[Path]:
    folders = [data_folder(suite, node) for group in groups for node in group.members]
    return [folder for folder in folders if folder.exists()]


def _put_aside(suite: Suite, groups: Sequence[ShardGroup]) -> list[Path]:
    """Rename existing data folders, also those of replicas; returns the new paths."""
    stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    moved = [
        (folder, folder.with_name(f"{folder.name}.before-{stamp}"))
        for folder in _standing(suite, groups)
    ]
    for folder, aside in moved:
        folder.rename(aside)
    return [aside for _folder, aside in moved]


def _renamed(content: bytes) -> bytes:
    values = json.loads(content)
    values["backup_suite"] = token_hex(KEY_BYTES)
    return json.dumps(values, indent=1).encode()


async def _note_what_is_to_do(suite: Suite, source: Source, moment: datetime) -> None:
    erased = await read_erasures(source.bucket, source.place)
    mark = await read_mark(source.bucket, source.place)
    document = {
        "moment": moment.isoformat(),
        "newest": mark.newest.isoformat() if mark else moment.isoformat(),
        "erased": [user_id for user_id, asked_at in erased.items() if asked_at > moment],
    }
    write_rendered(
        suite.folder.restored_file, json.dumps(document) + "\n", account_for("supervisor")
    )
