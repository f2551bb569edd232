"""The line of `make status` about certificates."""

import datetime as dt

import pytest

from infra.status.certificates import lines_about

NOW = dt.datetime(2026, 11, 30, 12, tzinfo=dt.UTC)
WELL = {"users-1": 300, "redis-feed": 200, "nginx-1": 396}


def _lines(
    days_left: dict[str, int], authority_days_left: int, more: list[str]
) -> tuple[list[str], bool]:
    ends = {name: NOW + dt.timedelta(days=days) for name, days in days_left.items()}
    return lines_about(ends, NOW + dt.timedelta(days=authority_days_left), NOW, more)


def test_the_first_end_is_named() -> None:
    (line,), is_well = _lines(WELL, 1_000, [])
    assert is_well
    assert "the first ends 2027-06-18 12:00 UTC (redis-feed)" in line
    assert "the authority ends 2029-08-26" in line


@pytest.mark.parametrize(
    ("days_left", "authority_days_left", "more", "said"),
    [
        ({**WELL, "users-1": 20, "feed-1": 3}, 1_000, [], "not renewed in time: feed-1, users-1"),
        ({**WELL, "users-1": -1}, 1_000, [], "not renewed in time: users-1"),
        (WELL, 364, [], "replace the authority within a year"),
        ({}, 364, [], "replace the authority within a year"),
        (WELL, 1_000, ["  not finished"], "not finished"),
    ],
)
def test_what_is_not_well_is_said(
    days_left: dict[str, int], authority_days_left: int, more: list[str], said: str
) -> None:
    lines, is_well = _lines(days_left, authority_days_left, more)
    assert not is_well
    assert said in lines[1]


def test_a_renewal_that_is_due_is_no_problem_yet() -> None:
    _, is_well = _lines({"users-1": 29}, 1_000, [])
    assert is_well
