"""The schedule: which backup is due, given the existing ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from infra.backups.pgbackrest import Backup
from infra.plan.figures import Backup as BackupSettings


@dataclass(frozen=True, slots=True)
class Due:
    """The kind of backup to take now ("full" or "incr"), and the reason."""

    kind: str
    reason: str


def due_backup(
    settings: BackupSettings, backups: Sequence[Backup], now: datetime, *, has_hole: bool
) -> Due | None:
    """Return the backup that is due for a primary with these backups, or None.

    After a hole in the archive, no later time can be restored until there is a new full backup.
    """
    fulls = [backup for backup in backups if backup.kind == "full"]
    if not fulls:
        return Due("full", "there is none yet")
    if has_hole:
        return Due("full", "the archive of WAL has a hole")
    if now - fulls[-1].stopped_at >= timedelta(hours=settings.full_every_hours):
        return Due("full", f"the last one is {settings.full_every_hours} hours old")
    if now - backups[-1].stopped_at >= timedelta(hours=settings.incremental_every_hours):
        return Due("incr", f"the last one is {settings.incremental_every_hours} hours old")
    return None


def forgotten_after_days(settings: BackupSettings) -> int:
    """Return the days after which no backup contains deleted data.

    A full backup is kept until a later one is `keep_days` old, so the interval of full backups is
    added, rounded up to days.
    """
    interval = timedelta(hours=settings.full_every_hours)
    return settings.keep_days - (-interval // timedelta(days=1))
