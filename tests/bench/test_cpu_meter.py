"""Processor time that would have been used without the requests too is not theirs."""

import pytest

from bench.cpu_meter import calm_rates, without_idle


def test_idling_is_taken_off_for_as_long_as_it_lasted() -> None:
    left = without_idle({"users": 3.0, "feed": 5.0}, {"users": 0.1}, 10.0)
    assert left == pytest.approx({"feed": 5.0, "users": 2.0})


def test_what_only_idled_is_left_out() -> None:
    assert without_idle({"dns": 0.9}, {"dns": 0.1}, 10.0) == {}


def test_what_was_still_under_way_is_not_taken_for_idling() -> None:
    busy, calm = {"feed": 2.0, "dns": 0.1}, {"dns": 0.1}
    assert calm_rates([busy, calm, busy, calm], 0.5) == pytest.approx({"dns": 0.2})
