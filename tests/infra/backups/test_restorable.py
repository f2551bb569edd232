"""Which time a restore aims at, and how it reports an unreachable one."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from infra.backups.pgbackrest import Backup, at_moment
from infra.backups.restorable import Restorable, backup_before, moment_to_restore, target_of
from infra.backups.state import Mark, Reach
from infra.backups.subprocesses import BackupFailure

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
REACH = Reach(NOON, NOON - MINUTE, "0" * 24)
MARK = Mark({"users-a": REACH})

QUIET = Mark({"users-a": replace(REACH, committed_at=NOON - 30 * MINUTE)})


def _part(*minutes_ago: int) -> Restorable:
    backups = [
        Backup(str(ago), "full", NOON - ago * MINUTE, NOON - ago * MINUTE, 1, 1, "0" * 24, "0" * 24)
        for ago in minutes_ago
    ]
    return Restorable("users-a", tuple(backups))


@pytest.mark.parametrize(
    ("at", "target"),
    [
        (None, NOON - MINUTE),
        (NOON, NOON - MINUTE),
        (NOON - MINUTE / 2, NOON - MINUTE),
        (NOON - 5 * MINUTE, NOON - 5 * MINUTE),
    ],
)
def test_it_aims_no_later_than_the_last_commit_everywhere(
    at: datetime | None, target: datetime
) -> None:
    moment = moment_to_restore(at, MARK, [_part(20, 10)])
    assert moment == (at or NOON)
    assert target_of(REACH, moment) == target


def test_one_that_is_behind_holds_back_only_what_takes_it_along() -> None:
    behind = Reach(NOON - 5 * MINUTE, NOON - 5 * MINUTE, "0" * 24)
    mark = Mark({"users-a": REACH, "feed-a": behind})
    users = _part(20, 10)
    feed = replace(users, primary="feed-a")
    assert moment_to_restore(None, mark, [users]) == NOON
    assert moment_to_restore(None, mark, [users, feed]) == NOON - 5 * MINUTE
    with pytest.raises(BackupFailure, match="the archive of feed-a ends there"):
        moment_to_restore(NOON, mark, [users, feed])
    assert (mark.moment, mark.newest) == (NOON - 5 * MINUTE, NOON)


@pytest.mark.parametrize(
    ("at", "mark", "part", "said"),
    [
        (None, None, _part(10), "no moment yet"),
        (NOON + MINUTE, MARK, _part(10), "at most 2026-11-29 12:00:00"),
        (NOON - 11 * MINUTE, MARK, _part(10), "only from 2026-11-29 11:50:00"),
        (None, MARK, _part(), "not at all yet"),
        # No write happened for as long as backups are kept.
        (None, QUIET, _part(10), "only from 2026-11-29 11:50:00"),
        (None, Mark({"feed-a": REACH}), _part(10), "no moment yet to which users-a can"),
    ],
)
def test_what_cannot_be_reached_is_said(
    at: datetime | None, mark: Mark | None, part: Restorable, said: str
) -> None:
    with pytest.raises(BackupFailure, match=said):
        moment_to_restore(at, mark, [part])


def test_the_nearest_backup_before_the_moment_is_taken() -> None:
    assert backup_before(_part(30, 20, 10), NOON - 15 * MINUTE).label == "20"


def test_a_moment_before_all_backups_is_no_traceback() -> None:
    with pytest.raises(BackupFailure, match="no backup of users-a"):
        backup_before(_part(10), NOON - 15 * MINUTE)


def test_a_backup_knows_the_history_that_it_belongs_to() -> None:
    of_third = Backup("b", "full", NOON, NOON, 1, 1, "00000002" + "0" * 16, "00000003" + "0" * 16)
    assert of_third.timeline == 3
    assert "--target-timeline=3" in at_moment(NOON, of_third.timeline)
