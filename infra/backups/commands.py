"""Operators' commands for backups: take, list, restore, and the restore drill."""

import sys
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from infra.accounts import account_for
from infra.backups.after_restore import start_restored
from infra.backups.drill import drill
from infra.backups.due import forgotten_after_days
from infra.backups.estimates import Estimate
from infra.backups.pgbackrest import Repository
from infra.backups.place import suite_name
from infra.backups.restorable import Restorable, restorable
from infra.backups.restore import (
    Wish,
    clear_the_ground,
    prepare_folder,
    restoration_of,
    restore_data,
)
from infra.backups.rounds import Rounds
from infra.backups.source import Source, named_source, own_source
from infra.backups.state import read_mark, spelled
from infra.backups.subprocesses import BackupFailure
from infra.backups.vanished import give_up_vanished, vanished_lines
from infra.backups.witness import keep_witness
from infra.control.progress import Progress
from infra.control.run_lock import sole_command
from infra.control.upkeep_lock import alone
from infra.elsewhere.refusals import require_own_databases
from infra.failover.roles import require_no_failover
from infra.leaders import leaders
from infra.rendering.files import make_folder
from infra.run_folder import RunFolder, locate_run_folder
from infra.suite import Suite, network_of, open_suite, suite_in

_CARD = """
  {passphrase}

This passphrase opens the backups of this suite ({name}), and nothing else does. Write it down and
keep it away from this machine and from the backups: whoever has both has everything.
"""


@dataclass(frozen=True, slots=True)
class RestoreRequest:
    """The options of `make restore` as text; "" stands for an option that was not given."""

    at: str = ""
    group: str = ""
    source: str = ""
    suite_name: str = ""
    into: str = ""
    network: str = ""
    replaces: bool = False


def passphrase_text(suite: Suite) -> str:
    """Return the passphrase with an explanation."""
    return _CARD.format(passphrase=suite.secrets["backup_passphrase"], name=suite_name(suite))


async def back_up(suite: Suite, kind: str, progress: Progress) -> None:
    """Take a backup of everything now; the suite must be up. Raises BackupFailure."""
    require_own_databases(suite.plan, "A backup")
    with alone(suite.folder, "backup"):
        await _back_up(suite, kind, progress)


async def _back_up(suite: Suite, kind: str, progress: Progress) -> None:
    async with own_source(suite) as source:
        rounds = Rounds(suite, source.place, source.bucket)
        await rounds.remember()
        for node in rounds.primaries:
            repository = Repository(suite, node)
            await repository.prepare()
            began_s = progress.seconds
            await repository.take(kind, Estimate(progress, node.name).hear)
            newest = (await repository.backups())[-1]
            rounds.follow_from(node, newest.first_segment)
            progress.say(
                f"{node.name}: {newest.kind} {newest.label}, {newest.database_bytes / 1e6:.0f} MB,"
                f" {newest.repository_bytes / 1e6:.1f} MB in the bucket,"
                f" {progress.seconds - began_s:.1f} s"
            )
        await keep_witness(suite, source.bucket, source.place)
        keep_days = forgotten_after_days(suite.plan.backup)
        copied = await rounds.photos.take_stock(datetime.now(UTC).date(), keep_days)
        progress.say(f"photos: {copied.objects} objects, {copied.bytes / 1e6:.0f} MB")
        await rounds.round()
        complaints = rounds.complaints.sentences()
    if complaints:
        raise BackupFailure("\n".join(complaints))
    if kind == "full":
        give_up_vanished(suite)
    if rounds.mark is not None:
        progress.say(f"everything until {spelled(rounds.mark.moment)} UTC can be restored")


async def list_backups(suite: Suite) -> None:
    """Print the backups, and the times to which they can restore."""
    require_own_databases(suite.plan, "A list of backups")
    async with own_source(suite) as source:
        nodes = leaders(suite.plan.databases)
        found = [await restorable(suite, source, node) for node in nodes]
        mark = await read_mark(source.bucket, source.place)
    console = Console(highlight=False, width=None if Console().is_terminal else 120)
    console.print(_table(found))
    bytes_kept = sum(b.repository_bytes for part in found for b in part.backups)
    console.print(f"\n{bytes_kept / 1e6:.1f} MB of backups in {source.place.suite_name}")
    if mark is not None and all(part.since and part.primary in mark.reaches for part in found):
        oldest = max(part.since for part in found if part.since)
        console.print(
            f"everything can be restored to any moment from {spelled(oldest)}"
            f" to {spelled(mark.moment)} UTC"
        )
    for line in vanished_lines(suite):
        console.print(line)
    days = forgotten_after_days(suite.plan.backup)
    console.print(f"what is deleted leaves the backups after {days} days at most")


async def restore(request: RestoreRequest, progress: Progress) -> None:
    """Restore into a folder, start its suite and repair it; raises SuiteFailure."""
    target = _target(request)
    require_own_databases(target.plan, "A restore")
    require_no_failover(target, "A restore in place")
    at = parsed_moment(request.at) if request.at else None
    is_moved = bool(request.into or request.source)
    wish = Wish(
        at,
        request.group,
        request.replaces,
        is_moved=is_moved,
        # Who names the suite means that one, and not whatever lies in the bucket.
        takes_place=bool(request.source and request.suite_name and not request.group),
    )
    make_folder(target.folder.root, account_for("supervisor"), 0o711)
    with sole_command(target.folder, "restore"):
        clear_the_ground(target)
        async with _source(request, target) as source:
            restoration = await restoration_of(target, source, wish)
            await prepare_folder(target, source, wish, progress)
            await restore_data(target, source, restoration, progress)
        await start_restored(target, progress)
    progress.say(
        f"everything is as it was at {spelled(restoration.moment)} UTC, at {target.plan.public_url}"
    )


async def rehearse(suite: Suite, progress: Progress, seed: int | None) -> None:
    """Restore to the newest and to a random time, and compare; raises BackupFailure for faults."""
    require_own_databases(suite.plan, "A drill")
    with alone(suite.folder, "restore-drill"):
        async with own_source(suite) as source:
            report = await drill(suite, source, progress, seed)
    sys.stdout.write(report.text())
    if not report.is_well:
        raise BackupFailure("The drill has found faults: see above.")


def parsed_moment(text: str) -> datetime:
    """Parse an ISO time, in UTC unless it has an offset; raises BackupFailure."""
    try:
        moment = datetime.fromisoformat(text)
        # The first and the last day of the calendar have moments that UTC cannot express.
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise BackupFailure(
            f'AT= wants a moment such as "2026-11-29 12:00:00", not {text}.'
        ) from None


def _target(request: RestoreRequest) -> Suite:
    if not request.into:
        return open_suite()
    require_outside(Path(request.into))
    folder = locate_run_folder(Path(request.into))
    return suite_in(folder, network_of(folder, requested=request.network or None))


def require_outside(into: Path) -> None:
    """Raise BackupFailure if a folder is inside of a suite's run folder, which reset deletes."""
    for parent in into.resolve().parents:
        suite = RunFolder(parent)
        if suite.ledger_file.exists() or suite.secrets_file.exists():
            raise BackupFailure(
                f"INTO={into} is inside of {parent}, which belongs to a suite: name a folder"
                " outside of it. Nothing was done."
            )


def _source(request: RestoreRequest, target: Suite) -> AbstractAsyncContextManager[Source]:
    if request.source:
        return named_source(target, request.source, request.suite_name)
    return own_source(open_suite(), for_folder=target.folder)


def _table(found: list[Restorable]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("primary", "backup", "kind", "done (UTC)"):
        table.add_column(title, no_wrap=True)
    for title in ("age", "database", "in the bucket"):
        table.add_column(title, justify="right", no_wrap=True)
    now = datetime.now(UTC)
    for part in found:
        for backup in part.backups:
            hours = (now - backup.stopped_at).total_seconds() / 3600
            table.add_row(
                part.primary,
                backup.label,
                backup.kind,
                spelled(backup.stopped_at),
                f"{hours:.1f} h",
                f"{backup.database_bytes / 1e6:.0f} MB",
                f"{backup.repository_bytes / 1e6:.1f} MB",
            )
    return table
