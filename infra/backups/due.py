"""Which backup is due: the schedule as a rule over what there is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from infra.backups.pgbackrest import Backup
from infra.plan.figures import Backup as BackupSettings


@dataclass(frozen=True, slots=True)
class Due:
    """A backup that is to be taken now, and why."""

    kind: str
    reason: str


def due_backup(
    settings: BackupSettings, backups: Sequence[Backup], now: datetime, *, has_hole: bool
) -> Due | None:
    """What has to be taken of a primary with these backups; None if nothing.

    A hole in the archive makes every later moment unreachable until there is a newer full backup.
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
    """After how many days no backup holds what was deleted.

    A full backup stays until a later one is as old as `keep_days`.
    """
    interval = timedelta(hours=settings.full_every_hours)
    return settings.keep_days - (-interval // timedelta(days=1))
