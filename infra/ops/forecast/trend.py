"""When a growing resource reaches its limit: the seasonal Sen slope of its daily peaks.

Sen's slope is the median of the slopes between pairs of days, so a single odd day does not bend it.
Only days a whole number of weeks apart are paired (Hirsch, Slack and Smith, 1982), so that neither
the swing of a day nor that of a week is taken for growth.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

DAY_S = 86_400
_WEEK = 7
# Below a week, a weekend's rest looks like a decline. Below two, weekdays cannot be told apart.
DAYS_MIN = 7
_DAYS_FOR_WEEKS = 14
# A day with fewer hours may lack its peak.
_HOURS_MIN = 20
# A longer forecast from some weeks would be a guess.
HORIZON_DAYS = 1095
# Four of five forecasts should end within their interval.
_NORMAL_80 = 1.2816

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Trend:
    """Growth a day, its interval, and the peak of each weekday at day 0, which is the last day."""

    slope: float
    slope_low: float
    slope_high: float
    peaks: Mapping[int, float]
    last_weekday: int

    def days_until(self, limit: float, slope: float) -> float:
        """Return days from the last day's end until a day's peak reaches the limit, or inf."""
        if slope <= 0 and max(self.peaks.values()) < limit:
            return math.inf
        for day in range(1, HORIZON_DAYS + 1):
            peak = self.peaks.get((self.last_weekday + day) % _WEEK)
            if peak is not None and peak + slope * day >= limit:
                return float(day)
        return math.inf


def daily_peaks(points: Sequence[Point]) -> dict[int, float]:
    """Return the highest value of each whole day, by days since 1970."""
    by_day: dict[int, list[float]] = defaultdict(list)
    for at_s, value in points:
        by_day[int(at_s // DAY_S)].append(value)
    return {day: max(values) for day, values in by_day.items() if len(values) >= _HOURS_MIN}


def trend_of(peaks: Mapping[int, float]) -> Trend | None:
    """Return the trend of daily peaks, or None if they are too few."""
    if len(peaks) < DAYS_MIN:
        return None
    last = max(peaks)
    knows_weeks = last - min(peaks) + 1 >= _DAYS_FOR_WEEKS
    season = _WEEK if knows_weeks else 1
    slopes = sorted(_slopes(peaks, season))
    if not slopes:
        return None
    slope = median(slopes)
    spread = _NORMAL_80 * math.sqrt(_variance(peaks, season))
    low = slopes[max(0, math.floor((len(slopes) - spread) / 2))]
    high = slopes[min(len(slopes) - 1, math.ceil((len(slopes) + spread) / 2))]
    return Trend(slope, low, high, _levels(peaks, slope, last, knows_weeks), last % _WEEK)


def _slopes(peaks: Mapping[int, float], season: int) -> Iterator[float]:
    days = sorted(peaks)
    for place, first in enumerate(days):
        for second in days[place + 1 :]:
            if (second - first) % season == 0:
                yield (peaks[second] - peaks[first]) / (second - first)


def _variance(peaks: Mapping[int, float], season: int) -> float:
    """Return the variance of Kendall's sum, which says how far the true slope's rank may be off."""
    counts: dict[int, int] = defaultdict(int)
    for day in peaks:
        counts[day % season] += 1
    return sum(n * (n - 1) * (2 * n + 5) / 18 for n in counts.values())


def _levels(
    peaks: Mapping[int, float], slope: float, last: int, knows_weeks: bool
) -> dict[int, float]:
    """Return each weekday's peak, moved along the trend to the last day."""
    moved: dict[int, list[float]] = defaultdict(list)
    for day, peak in peaks.items():
        moved[day % _WEEK].append(peak + slope * (last - day))
    if knows_weeks:
        return {weekday: median(values) for weekday, values in moved.items()}
    level = median(value for values in moved.values() for value in values)
    return dict.fromkeys(range(_WEEK), level)
