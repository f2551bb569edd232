"""Which times can be restored from the existing backups and WAL."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from infra.backups.pgbackrest import Backup, Repository
from infra.backups.source import Source
from infra.backups.state import Mark, Reach, spelled
from infra.backups.subprocesses import BackupFailure
from infra.plan.parts import Member
from infra.rendering.backups import restore_config
from infra.suite import Suite


@dataclass(frozen=True, slots=True)
class Restorable:
    """The backups of one primary, oldest first."""

    primary: str
    backups: tuple[Backup, ...]

    @property
    def since(self) -> datetime | None:
        """The oldest time that can be restored, or None."""
        return self.backups[0].stopped_at if self.backups else None


async def restorable(suite: Suite, source: Source, node: Member) -> Restorable:
    """Read the backups of a primary; raises SuiteFailure."""
    return Restorable(node.name, tuple(await repository_in(suite, source, node).backups()))


def repository_in(suite: Suite, source: Source, node: Member) -> Repository:
    """Return the repository of a primary in any source."""
    return Repository(suite, node, restore_config(suite, node, source.place))


def moment_to_restore(
    at: datetime | None, mark: Mark | None, found: Sequence[Restorable]
) -> datetime:
    """Return `at` or the newest possible time; raises BackupFailure if it cannot be restored."""
    reaches = mark.reaches if mark else {}
    behind = [part.primary for part in found if part.primary not in reaches]
    if behind:
        raise BackupFailure(f"There is no moment yet to which {', '.join(behind)} can be restored.")
    last = min(found, key=lambda part: reaches[part.primary].moment)
    until = reaches[last.primary].moment
    moment = at or until
    if moment > until:
        raise BackupFailure(
            f"AT= may be at most {spelled(until)} UTC: the archive of {last.primary} ends there."
        )
    for part in found:
        target = target_of(reaches[part.primary], moment)
        if part.since is None or part.since > target:
            oldest = f"from {spelled(part.since)} UTC on" if part.since else "not at all yet"
            raise BackupFailure(
                f"{part.primary} cannot be restored to {spelled(target)} UTC, only {oldest}."
            )
    return moment


def target_of(reach: Reach, moment: datetime) -> datetime:
    """Return the target time of a primary's recovery, after which it needs one more commit."""
    return min(moment, reach.committed_at)


def backup_before(found: Restorable, moment: datetime) -> Backup:
    """Return the newest backup before a time, which needs the least WAL; raises BackupFailure."""
    earlier = [backup for backup in found.backups if backup.stopped_at <= moment]
    if not earlier:
        raise BackupFailure(
            f"There is no backup of {found.primary} of {spelled(moment)} or before."
        )
    return earlier[-1]
