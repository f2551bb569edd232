"""The outlook of one resource, in figures and in a sentence."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from infra.ops.forecast.trend import (
    DAY_S,
    DAYS_MIN,
    HORIZON_DAYS,
    Point,
    Trend,
    daily_peaks,
    trend_of,
)

_HOUR_S = 3600

Standing = Literal["too little history", "steady", "grows", "at its limit"]


@dataclass(frozen=True, slots=True)
class Outlook:
    """`days` until the limit, between `days_low` and `days_high`; None is beyond the horizon."""

    what: str
    standing: Standing
    used: float
    limit: float
    history_days: float
    sentence: str
    growth_per_day: float | None = None
    days: float | None = None
    days_low: float | None = None
    days_high: float | None = None


def outlook_of(what: str, points: Sequence[Point], limit: float, used: float) -> Outlook:
    """Return the outlook from what is used now, and in each past hour by the hour's begin."""
    history_days = (points[-1][0] - points[0][0]) / DAY_S if points else 0.0
    if used >= limit:
        return Outlook(what, "at its limit", used, limit, history_days, "It is at its limit now.")
    peaks = daily_peaks(points)
    trend = trend_of(peaks)
    if trend is None:
        sentence = (
            f"There are {len(peaks)} whole days of history, and a forecast needs {DAYS_MIN}."
            f" Now {_share(used, limit)} is used."
        )
        return Outlook(what, "too little history", used, limit, history_days, sentence)
    passed = (points[-1][0] + _HOUR_S) / DAY_S - (max(peaks) + 1)
    return _from_trend(Outlook(what, "steady", used, limit, history_days, ""), trend, passed)


def _from_trend(known: Outlook, trend: Trend, passed: float) -> Outlook:
    """Complete an outlook; `passed` is the days since the last whole day."""
    days, days_low, days_high = (
        _within_horizon(trend.days_until(known.limit, slope) - passed)
        for slope in (trend.slope, trend.slope_high, trend.slope_low)
    )
    figures = (known.what, known.used, known.limit, known.history_days)
    what, used, limit, history_days = figures
    if days is None:
        sentence = f"It does not grow towards its limit; at most {_peak(trend, limit)} is used."
        return Outlook(
            what, "steady", used, limit, history_days, sentence, trend.slope, None, days_low, None
        )
    sentence = f"At this growth it is full {_in_days(days, days_low, days_high)}."
    return Outlook(
        what, "grows", used, limit, history_days, sentence, trend.slope, days, days_low, days_high
    )


def _within_horizon(days: float) -> float | None:
    return None if math.isinf(days) or days > HORIZON_DAYS else max(0.0, days)


def _in_days(days: float, low: float | None, high: float | None) -> str:
    if low is None:
        return f"in {days:.0f} days"
    latest = f"{high:.0f}" if high is not None else "many more"
    return f"in {days:.0f} days (between {low:.0f} and {latest})"


def _peak(trend: Trend, limit: float) -> str:
    return _share(max(trend.peaks.values()), limit)


def _share(used: float, limit: float) -> str:
    return f"{100 * used / limit:.0f} %" if limit else "all"
