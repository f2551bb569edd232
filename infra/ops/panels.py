"""Fills panels with series: the times of a plot, and a row of values for each line in it."""

import asyncio
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypedDict

from infra.ops.descriptions import RATE, Dashboard, Panel, Query
from infra.ops.measurements import Measurements, MeasurementsAway, Series

# The ranges that the page offers, in minutes.
RANGES_MINUTES = (15, 60, 360, 1440, 10080)
_POINTS = 180
# A rate needs two scrapes, which are 15 seconds apart, with room for a late one.
_RATE_MIN_S = 60
_AT_ONCE = 4
# Of more lines nobody can tell one from another.
_LINES_MAX = 16
_KEPT_S = 5.0
_PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}")


class Line(TypedDict):
    """One line of a plot: a value for each time, or None where there is none."""

    label: str
    values: list[float | None]


class Filled(TypedDict):
    """A panel with its lines; `trouble` is why there are none, or "" ."""

    name: str
    title: str
    unit: str
    meaning: str
    times: list[float]
    lines: list[Line]
    left_out: int
    trouble: str


@dataclass(frozen=True, slots=True)
class _Span:
    start_s: float
    end_s: float
    step_s: int

    @property
    def times(self) -> list[float]:
        count = int((self.end_s - self.start_s) / self.step_s) + 1
        return [self.start_s + number * self.step_s for number in range(count)]


class Panels:
    """Fills the panels of a dashboard; several viewers within seconds cost one round of queries."""

    def __init__(self, measurements: Measurements) -> None:
        self._measurements = measurements
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._kept: dict[tuple[str, int], tuple[float, asyncio.Task[list[Filled]]]] = {}

    async def of(self, dashboard: Dashboard, minutes: int) -> list[Filled]:
        """Return the dashboard's panels over the last minutes, one of RANGES_MINUTES."""
        key, now_s = (dashboard.name, minutes), time.monotonic()
        made_s, task = self._kept.get(key, (0.0, None))
        if task is None or now_s - made_s > _KEPT_S:
            task = asyncio.create_task(self._fill(dashboard, minutes))
            self._kept[key] = (now_s, task)
        # A viewer who leaves does not end the queries that others wait for.
        return await asyncio.shield(task)

    async def _fill(self, dashboard: Dashboard, minutes: int) -> list[Filled]:
        span = _span(minutes)
        return list(await asyncio.gather(*(self._panel(one, span) for one in dashboard.panels)))

    async def _panel(self, panel: Panel, span: _Span) -> Filled:
        try:
            found = await asyncio.gather(*(self._lines(query, span) for query in panel.queries))
        except MeasurementsAway as away:
            return _filled(panel, span, [], str(away))
        return _filled(panel, span, [line for lines in found for line in lines], "")

    async def _lines(self, query: Query, span: _Span) -> list[Line]:
        expr = with_window(query.expr, max(_RATE_MIN_S, span.step_s))
        async with self._slots:
            series = await self._measurements.over(expr, span.start_s, span.end_s, span.step_s)
        return [_line(query, one, span) for one in series]


def with_window(expr: str, seconds: int) -> str:
    """Return a query with the window of its rates."""
    return expr.replace(RATE, f"{seconds}s")


def label_of(template: str, labels: Mapping[str, str]) -> str:
    """Return the name of a line: the template with the values of its labels."""
    return _PLACEHOLDER.sub(lambda found: labels.get(found[1], ""), template)


def _span(minutes: int) -> _Span:
    step_s = max(15, minutes * 60 // _POINTS)
    # On multiples of the step, a plot does not jump with each refresh.
    end_s = time.time() // step_s * step_s
    return _Span(end_s - minutes * 60, end_s, step_s)


def _line(query: Query, series: Series, span: _Span) -> Line:
    known = dict(zip(series.times, series.values, strict=True))
    return Line(
        label=label_of(query.label, series.labels), values=[known.get(at) for at in span.times]
    )


def _filled(panel: Panel, span: _Span, lines: list[Line], trouble: str) -> Filled:
    ranked = sorted(lines, key=_peak, reverse=True) if len(lines) > _LINES_MAX else lines
    shown = sorted(ranked[:_LINES_MAX], key=lambda line: line["label"])
    return Filled(
        name=panel.name,
        title=panel.title,
        unit=panel.unit,
        meaning=panel.meaning,
        times=span.times,
        lines=shown,
        left_out=len(lines) - len(shown),
        trouble=trouble or ("" if lines else _no_data(panel)),
    )


def _no_data(panel: Panel) -> str:
    if panel.needs == "backups":
        return "No backups are taken in this suite, or none is finished yet."
    return "There is no measurement of this kind yet."


def _peak(line: Line) -> float:
    return max((value for value in line["values"] if value is not None), default=0.0)
