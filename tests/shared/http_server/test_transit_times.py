"""Transit times are right even if the callers' clocks are wrong."""

import pytest

from shared.http_server.transit_times import TransitTimes


@pytest.mark.parametrize("off_ms", [0, 7_000, -7_000])
def test_what_has_lain_is_told_whatever_the_callers_clock_says(off_ms: int) -> None:
    times = TransitTimes()
    for now_s in range(100, 112):
        assert times.of("10.0.0.1", now_s * 1000 + off_ms, now_s) == 0
    assert times.of("10.0.0.1", 112_000 - 3_000 + off_ms, 112) == 3_000
    assert times.of("10.0.0.1", 112_000 + off_ms, 112) == 0


def test_after_a_long_stop_it_is_measured_by_what_came_before() -> None:
    times = TransitTimes()
    times.of("10.0.0.1", 100_000, 100)
    assert times.of("10.0.0.1", 101_000, 161) == 60_000
    assert times.of("10.0.0.1", 161_000, 161) == 0


def test_a_clock_that_was_put_back_is_known_for_it_within_two_windows() -> None:
    times = TransitTimes()
    times.of("10.0.0.1", 100_000, 100)
    lain = [times.of("10.0.0.1", now_s * 1000 - 4_000, now_s) for now_s in range(101, 112)]
    assert (lain[0], lain[-1]) == (4_000, 0)


def test_callers_are_told_apart() -> None:
    times = TransitTimes()
    times.of("10.0.0.1", 100_000, 100)
    assert times.of("10.0.0.2", 95_000, 100) == 0
    assert times.of("10.0.0.1", 95_000, 100) == 5_000
