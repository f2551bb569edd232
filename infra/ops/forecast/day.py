"""The peaks of a day, of which there are several as the earth turns, and its quietest hours."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import TypeVar

from infra.ops.forecast.trend import DAY_S, Point

_K = TypeVar("_K", bound=Hashable)
_HOUR_S = 3600
_HOURS = 24
_WEEK = 7
# 1970-01-01 was a Thursday, and weekdays are counted from Monday.
_FIRST_WEEKDAY = 3
DAYS_MIN = 2
_DAYS_FOR_WEEKDAYS = 14
# A smaller swing than this is noise, and a smaller bump is part of a larger one.
_SWING_MIN = 0.1
_PROMINENCE_MIN = 0.15
QUIET_HOURS = 2
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class Peak:
    """A peak of the day: its hour in UTC, and its value."""

    hour: int
    value: float


@dataclass(frozen=True, slots=True)
class Quiet:
    """The quietest window: when it begins, its mean, and the share of the mean of all hours."""

    weekday: str  # "" if too little is known to tell weekdays apart
    hour: int
    value: float
    share: float


@dataclass(frozen=True, slots=True)
class Day:
    """The usual day; `hours` has 24 values, and `days` of history they are from."""

    days: float
    hours: tuple[float, ...]
    peaks: tuple[Peak, ...]
    quiet: Quiet


def day_of(points: Sequence[Point]) -> Day | None:
    """Return the usual day of hourly values, or None if they do not fill two days."""
    by_hour = _medians(points, lambda at_s: int(at_s % DAY_S // _HOUR_S))
    days = (points[-1][0] - points[0][0]) / DAY_S if points else 0.0
    if days < DAYS_MIN or len(by_hour) < _HOURS:
        return None
    hours = tuple(by_hour[hour] for hour in range(_HOURS))
    return Day(days, hours, _peaks(hours), _quiet(points, hours, days))


def _medians(points: Sequence[Point], key: Callable[[float], _K]) -> dict[_K, float]:
    found: dict[_K, list[float]] = defaultdict(list)
    for at_s, value in points:
        found[key(at_s)].append(value)
    return {key: median(values) for key, values in found.items()}


def _peaks(hours: Sequence[float]) -> tuple[Peak, ...]:
    smooth = [fmean(hours[(hour + step) % _HOURS] for step in (-1, 0, 1)) for hour in range(_HOURS)]
    swing = max(smooth) - min(smooth)
    if swing <= _SWING_MIN * fmean(smooth):
        return ()
    return tuple(
        Peak(hour, hours[hour])
        for hour in range(_HOURS)
        if _prominence(smooth, hour) >= _PROMINENCE_MIN * swing
    )


def _prominence(values: Sequence[float], hour: int) -> float:
    """Return how far one must go down from here before it goes up higher; 0 beside a peak."""
    if values[hour] < values[hour - 1] or values[hour] <= values[(hour + 1) % _HOURS]:
        return 0.0
    return values[hour] - max(_valley(values, hour, step) for step in (-1, 1))


def _valley(values: Sequence[float], hour: int, step: int) -> float:
    lowest = values[hour]
    for away in range(1, _HOURS):
        value = values[(hour + step * away) % _HOURS]
        if value > values[hour]:
            return lowest
        lowest = min(lowest, value)
    return lowest


def _quiet(points: Sequence[Point], hours: Sequence[float], days: float) -> Quiet:
    whole = fmean(hours) or 1.0
    if days < _DAYS_FOR_WEEKDAYS:
        value, hour = min((_window(hours, hour), hour) for hour in range(_HOURS))
        return Quiet("", hour, value, value / whole)
    week = _medians(points, _hour_of_week)
    values = [_in_week(week, hours, place) for place in range(_WEEK * _HOURS)]
    value, place = min((_window(values, place), place) for place in range(len(values)))
    return Quiet(_WEEKDAYS[place // _HOURS], place % _HOURS, value, value / whole)


def _in_week(week: Mapping[int, float], hours: Sequence[float], place: int) -> float:
    return week.get(place, hours[place % _HOURS])


def _hour_of_week(at_s: float) -> int:
    day = int(at_s // DAY_S)
    return (day + _FIRST_WEEKDAY) % _WEEK * _HOURS + int(at_s % DAY_S // _HOUR_S)


def _window(values: Sequence[float], place: int) -> float:
    return fmean(values[(place + step) % len(values)] for step in range(QUIET_HOURS))
