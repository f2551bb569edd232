"""The pictures of a run: goodput and latency over time, with a band for each fault."""

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bench.drawing import WIDTH, Box, Drawing, Label, Line, colours_of
from prove.checks.reads import READS
from prove.history import Fault, History, Operation

_LEFT, _RIGHT, _TOP, _HEIGHT = 64, 12, 52, 190
_BANDS = ("#f6c9c4", "#f9e2b8", "#cfe0ef", "#d9e8d0", "#e2d5ec")
_GRID = "#e4e4e4"
_BUCKETS = 240
_BUCKET_S_MIN = 1.0
_LABELS_MAX = 40

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Course:
    """Lines over a run's seconds; y begins at 0. Bands show what was broken."""

    title: str
    explanation: str
    unit: str
    seconds: float
    lines: Mapping[str, Points]
    faults: Sequence[Fault]

    def drawn(self) -> Drawing:
        """Draw bands, grid and lines, and a legend below."""
        bottom = _TOP + _HEIGHT
        drawing = Drawing(bottom + 26)
        highest = max((y for line in self.lines.values() for _, y in line), default=0.0) or 1.0
        step = _step_of(highest)
        top = math.ceil(highest / step) * step
        drawing.labels.append(Label(0, 4, f"{self.title} ({self.unit})"))
        kinds = list(dict.fromkeys(fault.kind.partition(" ")[0] for fault in self.faults))
        bands = dict(zip(kinds, itertools.cycle(_BANDS), strict=False))
        for fault in self.faults:
            x, end = self._x(fault.begin_s), self._x(min(fault.well_s, self.seconds))
            colour = bands[fault.kind.partition(" ")[0]]
            drawing.boxes.append(Box(x, _TOP, max(end - x, 1.0), _HEIGHT, colour))
        for number in range(round(top / step) + 1):
            y = bottom - _HEIGHT * number * step / top
            drawing.lines.append(Line([(_LEFT, y), (WIDTH - _RIGHT, y)], _GRID, 1.0))
            drawing.labels.append(Label(_LEFT - 6, y - 6, f"{number * step:g}", "end"))
        tick_s = _step_of(self.seconds)
        for number in range(int(self.seconds / tick_s) + 1):
            x = self._x(number * tick_s)
            drawing.labels.append(Label(x, bottom + 4, f"{number * tick_s:g} s", "middle"))
        colours = colours_of(self.lines)
        for name, points in self.lines.items():
            placed = [(self._x(x), bottom - _HEIGHT * min(y / top, 1.0)) for x, y in points]
            if placed:
                drawing.lines.append(Line(placed, colours[name], 1.5))
        drawing.add_legend({**colours, **bands})
        return drawing

    def _x(self, at_s: float) -> float:
        return _LEFT + (WIDTH - _LEFT - _RIGHT) * at_s / (self.seconds or 1.0)


@dataclass(frozen=True, slots=True)
class Silences:
    """A row for each kind of fault, with a mark for each time that it was given."""

    explanation: str
    rows: Sequence[tuple[str, Sequence[float]]]

    def drawn(self) -> Drawing:
        """Draw the rows on one scale of seconds."""
        names, row, top = 190, 22, 30
        drawing = Drawing(top + row * len(self.rows) + 24)
        longest = max((max(times) for _, times in self.rows), default=1.0) or 1.0
        step = _step_of(longest)
        scale = (WIDTH - names - 30) / (math.ceil(longest / step) * step)
        drawing.labels.append(Label(0, 4, "Longest time without an acknowledged write (s)"))
        bottom = top + row * len(self.rows)
        for number in range(math.ceil(longest / step) + 1):
            x = names + number * step * scale
            drawing.lines.append(Line([(x, top), (x, bottom)], _GRID, 1.0))
            drawing.labels.append(Label(x, bottom + 4, f"{number * step:g}", "middle"))
        for number, (name, times) in enumerate(self.rows):
            y = float(top + row * number)
            drawing.labels.append(Label(0, y + 3, name))
            drawing.boxes += [Box(names + s * scale - 4, y + 5, 8, 11, "#bc4749") for s in times]
        return drawing


def goodput_of(history: History) -> Course:
    """Return acknowledged writes and answered reads a second over time."""
    bucket_s = _bucket_s(history)
    lines = {
        "writes acknowledged": _rate(history, bucket_s, lambda one: one.kind not in READS),
        "reads answered": _rate(history, bucket_s, lambda one: one.kind in READS),
    }
    return Course(
        "Goodput",
        "A band lasts from the beginning of a fault until all processes are healthy again."
        " Clients repeat a write with its key, and offer no more after an outage than before it.",
        "a second",
        history.seconds,
        lines,
        history.faults,
    )


def latency_of(history: History) -> Course:
    """Return the median and the 99th percentile of the time to a good reply, over time."""
    bucket_s = _bucket_s(history)
    buckets: dict[int, list[float]] = {}
    for one in history.operations:
        if one.outcome == "ok":
            buckets.setdefault(int(one.invoke_s / bucket_s), []).append(one.took_s)
    lines: dict[str, list[tuple[float, float]]] = {"p99": [], "median": []}
    for number in sorted(buckets):
        took_s = sorted(buckets[number])
        for name, share in (("p99", 0.99), ("median", 0.5)):
            at = min(int(len(took_s) * share), len(took_s) - 1)
            lines[name].append(((number + 0.5) * bucket_s, took_s[at]))
    return Course(
        "Time to a good reply",
        "From the first request to the last reply, with all repetitions, by the time of the"
        " beginning.",
        "seconds",
        history.seconds,
        lines,
        history.faults,
    )


def _bucket_s(history: History) -> float:
    return max(history.seconds / _BUCKETS, _BUCKET_S_MIN)


def _rate(history: History, bucket_s: float, counts: Callable[[Operation], bool]) -> Points:
    numbers: dict[int, int] = {}
    for one in history.operations:
        if one.outcome == "ok" and counts(one):
            bucket = int(one.complete_s / bucket_s)
            numbers[bucket] = numbers.get(bucket, 0) + 1
    last = int(history.seconds / bucket_s)
    return [((n + 0.5) * bucket_s, numbers.get(n, 0) / bucket_s) for n in range(last)]


def _step_of(high: float) -> float:
    rough = high / 6 or 1.0
    magnitude = 10.0 ** math.floor(math.log10(rough))
    return next(step for step in (1, 2, 5, 10) if step * magnitude >= rough) * magnitude
