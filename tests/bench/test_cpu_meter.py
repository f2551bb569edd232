"""Processor time that would have been used without the requests too is not theirs."""

import pytest

from bench.cpu_meter import without_idle


def test_idling_is_taken_off_for_as_long_as_it_lasted() -> None:
    left = without_idle({"users": 3.0, "feed": 5.0}, {"users": 0.1}, 10.0)
    assert left == pytest.approx({"feed": 5.0, "users": 2.0})


def test_what_only_idled_is_left_out() -> None:
    assert without_idle({"dns": 0.9}, {"dns": 0.1}, 10.0) == {}
