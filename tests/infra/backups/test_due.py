"""Which backup the schedule wants next, for all combinations of existing backups."""

from datetime import UTC, datetime, timedelta

import pytest

from infra.backups.due import due_backup, forgotten_after_days
from infra.backups.pgbackrest import Backup
from infra.topology import load_topology

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
SETTINGS = load_topology().backup


def _backup(kind: str, hours_ago: float) -> Backup:
    moment = NOW - timedelta(hours=hours_ago)
    return Backup("label", kind, moment, moment, 1, 1, "0" * 24, "0" * 24)


@pytest.mark.parametrize(
    ("backups", "has_hole", "kind"),
    [
        ([], False, "full"),
        ([], True, "full"),
        ([_backup("full", 0.5)], False, None),
        ([_backup("full", 0.5)], True, "full"),
        ([_backup("full", 1)], False, "incr"),
        ([_backup("full", 23), _backup("incr", 0.5)], False, None),
        ([_backup("full", 23), _backup("incr", 1)], False, "incr"),
        ([_backup("full", 24), _backup("incr", 0.5)], False, "full"),
        ([_backup("full", 23), _backup("incr", 0.1)], True, "full"),
    ],
)
def test_the_schedule(backups: list[Backup], has_hole: bool, kind: str | None) -> None:
    due = due_backup(SETTINGS, backups, NOW, has_hole=has_hole)
    assert (due.kind if due else None) == kind


def test_what_was_deleted_stays_no_longer_than_said() -> None:
    assert forgotten_after_days(SETTINGS) == SETTINGS.keep_days + 1
