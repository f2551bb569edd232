"""A read may be old only while something is broken that lets it be."""

import pytest

from prove.checks.excuses import BACK_S, STAND_IN_LAG_S, TOLD_S, Excuses
from prove.history import Fault, History, Operation


def _operation(begin_s: float) -> Operation:
    return Operation(1, 1, "bio", "bio", "x", begin_s, begin_s + 0.1, "ok")


def _excuses(*targets: str) -> Excuses:
    return Excuses(History(faults=[Fault(1, "kill", targets, 100.0, 105.0, 110.0)]))


@pytest.mark.parametrize(
    ("target", "written_s", "read_s", "excused"),
    [
        ("postgres-users-a", 99.0, 103.0, True),
        ("postgres-users-a", 99.0, 110.0 + BACK_S - 0.5, True),
        ("postgres-users-a", 99.0, 110.0 + BACK_S + 0.5, False),
        ("postgres-users-a", 99.0 - STAND_IN_LAG_S, 103.0, False),
        ("postgres-users-a", 98.0, 99.0, False),
        ("postgres-feed-a", 99.0, 103.0, False),
        ("users-1", 99.0, 103.0, False),
        ("etcd-1", 99.0, 103.0, True),
    ],
)
def test_a_replica_may_lack_what_was_written_just_before(
    target: str, written_s: float, read_s: float, excused: bool
) -> None:
    found = _excuses(target).for_replica("users", _operation(written_s), _operation(read_s))
    assert found is excused


@pytest.mark.parametrize(
    ("target", "written_s", "read_s", "excused"),
    [
        ("redis-feed", 103.0, 111.0, True),
        ("feed-1", 90.0, 103.0, True),
        ("feed-1", 90.0, 99.0, False),
        ("redis-feed", 110.0 + TOLD_S + 1, 110.0 + TOLD_S + 2, False),
        ("redis-users", 103.0, 111.0, False),
    ],
)
def test_redis_may_not_have_been_told_of_a_write(
    target: str, written_s: float, read_s: float, excused: bool
) -> None:
    found = _excuses(target).for_cache("feed", _operation(written_s), _operation(read_s))
    assert found is excused
