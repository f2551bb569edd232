"""The forecast is right within a tenth on series with a known answer, or says that it cannot."""

import math
import random
from collections.abc import Callable

import pytest

from infra.ops.forecast.day import Day, day_of
from infra.ops.forecast.document import day_in_words
from infra.ops.forecast.outlook import Outlook, outlook_of
from infra.ops.forecast.trend import DAY_S, HORIZON_DAYS, Point

HOUR_S = 3600
# A Monday at midnight UTC.
START_S = 1_790_553_600.0
Shape = Callable[[float], float]


def _series(days: float, shape: Shape, *, noise: float = 0.0, seed: int = 1) -> list[Point]:
    """Return hourly points; `shape` takes days since the start."""
    drawn = random.Random(seed)
    hours = int(days * 24) + 1
    return [
        (START_S + hour * HOUR_S, shape(hour / 24) + drawn.gauss(0.0, noise))
        for hour in range(hours)
    ]


def _outlook(what: str, points: list[Point], limit: float) -> Outlook:
    return outlook_of(what, points, limit, points[-1][1])


def _first_at(shape: Shape, limit: float, after: float) -> float:
    """Return the days after `after` until the shape first reaches the limit, by hours."""
    return next(hour / 24 for hour in range(HORIZON_DAYS * 24) if shape(after + hour / 24) >= limit)


def _line(slope: float) -> Shape:
    return lambda day: 100 + slope * day


def _swing(slope: float, of_day: float, of_week: float) -> Shape:
    """Grow with a daily swing that is highest at 18:00, and with weekends that are lower."""

    def shape(day: float) -> float:
        weekend = of_week if int(day) % 7 >= 5 else 0.0
        return 100 + slope * day + of_day * math.sin(2 * math.pi * (day - 0.5)) - weekend

    return shape


@pytest.mark.parametrize("days", [10, 21, 35])
@pytest.mark.parametrize(
    ("shape", "noise"),
    [
        (_line(2.0), 0.0),
        (_line(2.0), 3.0),
        (_swing(2.0, 20.0, 0.0), 1.0),
        (_swing(1.0, 30.0, 15.0), 1.0),
        (_swing(4.0, 60.0, 40.0), 2.0),
    ],
    ids=["line", "noisy", "day", "week", "large"],
)
def test_the_day_of_the_limit_is_right_within_a_tenth(
    shape: Shape, noise: float, days: int
) -> None:
    limit = 100 + 60 + 4 * days + 250
    truth = _first_at(shape, limit, days)
    outlook = _outlook("x", _series(days, shape, noise=noise), limit)
    assert outlook.standing == "grows"
    assert outlook.days == pytest.approx(truth, rel=0.1, abs=1)
    assert outlook.days is not None
    assert outlook.days_low is not None
    assert outlook.days_low <= outlook.days


def test_days_that_are_out_of_line_do_not_bend_the_forecast() -> None:
    def shape(day: float) -> float:
        # A build filled the disk for two days, and was deleted.
        return 100 + 2 * day + (300 if 20 <= day < 22 else 0)

    outlook = _outlook("x", _series(28, shape), 600)
    assert outlook.days == pytest.approx((600 - 100 - 56) / 2, rel=0.1)


@pytest.mark.parametrize("slope", [0.0, -1.0])
def test_what_does_not_grow_has_no_end(slope: float) -> None:
    outlook = _outlook("x", _series(28, _swing(slope, 20.0, 10.0), noise=1.0), 400)
    assert outlook.standing == "steady"
    assert outlook.days is None


def test_a_swing_that_reaches_the_limit_counts_before_the_mean_does() -> None:
    outlook = _outlook("x", _series(28, _swing(1.0, 60.0, 0.0)), 220)
    # The mean would need 92 days, and its daily peak 32.
    assert outlook.days is not None
    assert outlook.days == pytest.approx(32, rel=0.1)


@pytest.mark.parametrize("days", [0.0, 0.5, 3, 6.5])
def test_too_little_history_is_said(days: float) -> None:
    outlook = _outlook("x", _series(days, _line(5.0)), 1000)
    assert outlook.standing == "too little history"
    assert outlook.days is None
    assert "a forecast needs 7" in outlook.sentence


def test_a_limit_that_is_reached_is_said() -> None:
    outlook: Outlook = _outlook("x", _series(1, _line(0.0)), 100)
    assert outlook.standing == "at its limit"


def _load(day: float) -> float:
    """Peak at 8:00 and at 20:00 UTC, with a quiet night whose depth is at 3:00."""
    hour = day % 1 * 24
    peaks = 60 * math.exp(-((hour - 8) ** 2) / 6) + 100 * math.exp(-((hour - 20) ** 2) / 8)
    return 20 + peaks + 2 * abs(hour - 3)


def _day(days: float, shape: Shape = _load) -> Day | None:
    return day_of(_series(days, shape, noise=1.0))


def test_a_day_has_the_peaks_that_it_has() -> None:
    day = _day(10)
    assert day is not None
    assert [peak.hour for peak in day.peaks] == [8, 20]
    assert day.quiet.hour in {1, 2, 3}
    assert day.quiet.weekday == ""
    words = day_in_words(day)
    assert words.startswith("2 peaks a day, at 08:00, 20:00 UTC.")


def test_the_quietest_window_names_its_weekday_after_two_weeks() -> None:
    def shape(day: float) -> float:
        # Sundays are half as busy.
        return _load(day) * (0.5 if int(day) % 7 == 6 else 1.0)

    day = _day(28, shape)
    assert day is not None
    assert day.quiet.weekday == "Sunday"
    assert "Sunday 0" in day_in_words(day)


def test_a_day_without_swing_has_no_peaks() -> None:
    day = _day(10, lambda _day: 50.0)
    assert day is not None
    assert day.peaks == ()
    assert "no peaks" in day_in_words(day)


def test_a_usual_day_needs_two_days() -> None:
    assert _day(1.5) is None
    assert day_of([]) is None
    assert "not known yet" in day_in_words(None)


def test_a_gap_in_the_history_is_no_lost_growth() -> None:
    points = [
        point for point in _series(28, _line(2.0)) if not 10 <= (point[0] - START_S) / DAY_S < 14
    ]
    outlook = _outlook("x", points, 400)
    assert outlook.days == pytest.approx((400 - 156) / 2, rel=0.1)
