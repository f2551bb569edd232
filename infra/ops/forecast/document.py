"""Makes the forecast from Prometheus' last weeks, for the page and for `make forecast`."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from infra.ops.forecast.day import DAYS_MIN, QUIET_HOURS, Day, day_of
from infra.ops.forecast.limits import LOAD, SCARCE, Scarce
from infra.ops.forecast.outlook import Outlook, outlook_of
from infra.ops.forecast.trend import DAY_S, Point
from infra.ops.measurements import Measurements, MeasurementsAway, Series

# More weeks would smooth away that growth has changed; fewer know too little of weekdays.
WEEKS = 5
_HOUR_S = 3600
_KEPT_S = 600.0
# The name of what has no label.
_MACHINE = "machine"


class Forecasts:
    """Keeps a forecast for ten minutes, because nothing in it changes sooner."""

    def __init__(self, measurements: Measurements) -> None:
        self._measurements = measurements
        self._kept: tuple[float, asyncio.Task[dict[str, Any]] | None] = (0.0, None)

    async def now(self) -> dict[str, Any]:
        """Return the document of `forecast`; `trouble` in it says why there is none."""
        made_s, task = self._kept
        if task is None or time.monotonic() - made_s > _KEPT_S:
            task = asyncio.create_task(self._made())
            self._kept = (time.monotonic(), task)
        document = await asyncio.shield(task)
        if document["trouble"]:
            # Prometheus may be back at the next look.
            self._kept = (0.0, None)
        return document

    async def _made(self) -> dict[str, Any]:
        try:
            return await forecast(self._measurements)
        except MeasurementsAway as away:
            return {"trouble": f"{away}.", "scarce": [], "day": None}


async def forecast(measurements: Measurements) -> dict[str, Any]:
    """Return the outlook of each resource and the usual day; raises MeasurementsAway."""
    scarce = [
        {
            "name": one.name,
            "title": one.title,
            "unit": one.unit,
            "outlooks": [asdict(outlook) for outlook in await _outlooks(measurements, one)],
        }
        for one in SCARCE
    ]
    load = [_points(series) for series in await _over_weeks(measurements, LOAD)]
    day = day_of(load[0]) if load else None
    return {
        "trouble": "",
        "scarce": scarce,
        "day": None if day is None else asdict(day),
        "day_in_words": day_in_words(day),
    }


async def _outlooks(measurements: Measurements, scarce: Scarce) -> list[Outlook]:
    limits = await _by_label(measurements, scarce.limit, scarce.label)
    used = await _by_label(measurements, scarce.used, scarce.label)
    weeks = {
        series.labels.get(scarce.label, _MACHINE): _points(series)
        for series in await _over_weeks(measurements, scarce.used)
    }
    outlooks = [
        outlook_of(what, weeks.get(what, ()), limits[what], used[what])
        for what in used.keys() & limits.keys()
    ]
    # What ends first comes first.
    return sorted(outlooks, key=lambda one: (one.days is None, one.days, one.what))


async def _by_label(measurements: Measurements, expr: str, label: str) -> dict[str, float]:
    return {labels.get(label, _MACHINE): value for labels, value in await measurements.now(expr)}


async def _over_weeks(measurements: Measurements, expr: str) -> Sequence[Series]:
    end_s = time.time() // _HOUR_S * _HOUR_S
    return await measurements.over(expr, end_s - WEEKS * 7 * DAY_S, end_s, _HOUR_S)


def _points(series: Series) -> list[Point]:
    """Return the values by the begin of the hour that they are of."""
    pairs = zip(series.times, series.values, strict=True)
    return [(at_s - _HOUR_S, value) for at_s, value in pairs if value is not None]


def day_in_words(day: Day | None) -> str:
    """Return the sentence about peaks and the quietest window."""
    if day is None:
        return f"The usual day is not known yet: that needs {DAYS_MIN} days of history."
    quiet = day.quiet
    end = (quiet.hour + QUIET_HOURS) % 24
    weekday = f"{quiet.weekday} " if quiet.weekday else ""
    window = (
        f"The quietest {QUIET_HOURS} hours, for maintenance, are {weekday}{quiet.hour:02d}:00 to"
        f" {end:02d}:00 UTC, with {100 * quiet.share:.0f} % of the mean load."
    )
    if not day.peaks:
        return f"The day has no peaks: its hours are alike. {window}"
    hours = ", ".join(f"{peak.hour:02d}:00" for peak in day.peaks)
    noun = "One peak a day, at" if len(day.peaks) == 1 else f"{len(day.peaks)} peaks a day, at"
    return f"{noun} {hours} UTC. {window}"
