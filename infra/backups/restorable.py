"""What can be restored: backups, and the moments that WAL reaches from each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from infra.backups.pgbackrest import Backup, Repository
from infra.backups.source import Source
from infra.backups.state import Mark, read_mark, spelled
from infra.backups.subprocesses import BackupFailure
from infra.rendering.backups import restore_config
from infra.suite import Suite
from infra.topology import PostgresNode


@dataclass(frozen=True, slots=True)
class Restorable:
    """The backups of one primary, the oldest first, and the moment up to which WAL follows them."""

    primary: str
    backups: tuple[Backup, ...]
    until: datetime | None

    @property
    def since(self) -> datetime | None:
        """The oldest moment that can be restored."""
        return self.backups[0].stopped_at if self.backups else None


async def restorable(suite: Suite, source: Source, node: PostgresNode) -> Restorable:
    """What can be restored for a primary; raises BackupFailure if that cannot be read."""
    repository = repository_in(suite, source, node)
    mark = await read_mark(source.bucket, source.place)
    backups = await repository.backups()
    return Restorable(node.name, tuple(backups), mark.moment if mark else None)


def repository_in(suite: Suite, source: Source, node: PostgresNode) -> Repository:
    """The repository of a primary in any source."""
    return Repository(suite, node, restore_config(suite, node, source.place))


def moment_to_restore(
    at: datetime | None, mark: Mark | None, found: Sequence[Restorable]
) -> datetime:
    """The target of the recoveries; raises BackupFailure if some part does not reach the moment."""
    if mark is None:
        raise BackupFailure("There is no moment yet to which all databases can be restored.")
    moment = at or mark.moment
    if moment > mark.moment:
        raise BackupFailure(
            f"AT= may be at most {spelled(mark.moment)} UTC: so far all archives reach."
        )
    # A recovery stops at a commit after its target, so it aims where there is one.
    target = min(moment, mark.committed_at)
    for part in found:
        if part.since is None or part.since > target:
            oldest = f"from {spelled(part.since)} UTC on" if part.since else "not at all yet"
            raise BackupFailure(
                f"{part.primary} cannot be restored to {spelled(target)} UTC, only {oldest}."
            )
    return target


def backup_before(found: Restorable, moment: datetime) -> Backup:
    """The backup from which a moment is reached with the least WAL; raises BackupFailure."""
    earlier = [backup for backup in found.backups if backup.stopped_at <= moment]
    if not earlier:
        raise BackupFailure(
            f"There is no backup of {found.primary} of {spelled(moment)} or before."
        )
    return earlier[-1]
