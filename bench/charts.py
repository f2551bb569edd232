"""Two kinds of plots: stacked bars and lines."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.drawing import WIDTH, Box, Drawing, Label, Line, colours_of

_NAMES_WIDTH = 210
_BAR_HEIGHT, _ROW_HEIGHT, _TOP = 20, 30, 34
_PLOT_LEFT, _PLOT_RIGHT, _PLOT_HEIGHT = 64, 20, 240
_GRID = "#dddddd"

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class BarChart:
    """Rows of stacked parts; the longest row fills the width.

    Charts with the same `parts` stack them in the same order and colours.
    """

    title: str
    explanation: str
    unit: str
    rows: Sequence[tuple[str, Mapping[str, float]]]
    parts: Sequence[str] = ()

    def drawn(self) -> Drawing:
        """Draw the bars with their sums, and a legend below."""
        used = {part for _, values in self.rows for part in values}
        named = [*self.parts, *(part for _, values in self.rows for part in values)]
        colours = {part: one for part, one in colours_of(named).items() if part in used}
        longest = max((sum(values.values()) for _, values in self.rows), default=0.0) or 1.0
        scale = (WIDTH - _NAMES_WIDTH - 110) / longest
        drawing = Drawing(_TOP + _ROW_HEIGHT * len(self.rows) + 4)
        drawing.labels.append(Label(0, 4, f"{self.title} ({self.unit})"))
        for number, (name, values) in enumerate(self.rows):
            x, y = float(_NAMES_WIDTH), float(_TOP + _ROW_HEIGHT * number)
            drawing.labels.append(Label(0, y + 3, name))
            for part, colour in colours.items():
                width = values.get(part, 0.0) * scale
                drawing.boxes.append(Box(x, y, width, _BAR_HEIGHT, colour))
                x += width
            total = f"{sum(values.values()):.2f} {self.unit}"
            drawing.labels.append(Label(x + 6, y + 3, total))
        drawing.add_legend(colours)
        return drawing


@dataclass(frozen=True, slots=True)
class LineChart:
    """Lines over one pair of axes; the axis titles name the units, and y begins at 0.

    `x_is_log` makes the x axis logarithmic.
    """

    title: str
    explanation: str
    x_title: str
    y_title: str
    lines: Sequence[tuple[str, Points]]
    x_is_log: bool = False

    def drawn(self) -> Drawing:
        """Draw axes with a grid, the lines, and a legend below."""
        colours = colours_of(name for name, _ in self.lines)
        bottom = _TOP + 18 + _PLOT_HEIGHT
        drawing = Drawing(bottom + 44)
        drawing.labels += [Label(0, 4, self.title), Label(0, 24, self.y_title)]
        drawing.labels.append(Label(WIDTH - _PLOT_RIGHT, bottom + 20, self.x_title, "end"))
        x_axis, y_axis = self._x_axis(), self._y_axis(bottom)
        self._draw_grid(drawing, x_axis, y_axis, bottom)
        for name, points in self.lines:
            placed = [(x_axis.place(x), y_axis.place(y)) for x, y in points]
            drawing.lines.append(Line(placed, colours[name]))
        drawing.add_legend(colours)
        return drawing

    def _draw_grid(self, drawing: Drawing, x_axis: "_Axis", y_axis: "_Axis", bottom: float) -> None:
        right = WIDTH - _PLOT_RIGHT
        for tick in y_axis.ticks():
            y = y_axis.place(tick)
            drawing.lines.append(Line([(_PLOT_LEFT, y), (right, y)], _GRID, 1.0))
            drawing.labels.append(Label(_PLOT_LEFT - 6, y - 6, f"{tick:g}", "end"))
        for tick in x_axis.ticks():
            x = x_axis.place(tick)
            drawing.lines.append(Line([(x, bottom), (x, bottom - _PLOT_HEIGHT)], _GRID, 1.0))
            drawing.labels.append(Label(x, bottom + 4, f"{tick:g}", "middle"))

    def _x_axis(self) -> "_Axis":
        values = [x for _, points in self.lines for x, _ in points] or [1.0]
        low = max(min(values), 1e-3) if self.x_is_log else min(0.0, *values)
        return _Axis(low, max(values), _PLOT_LEFT, WIDTH - _PLOT_RIGHT, is_log=self.x_is_log)

    def _y_axis(self, bottom: float) -> "_Axis":
        highest = max((y for _, points in self.lines for _, y in points), default=1.0) or 1.0
        step = _step_of(0.0, highest)
        top = math.ceil(highest / step) * step
        return _Axis(0.0, top, bottom, bottom - _PLOT_HEIGHT, is_log=False)


@dataclass(frozen=True, slots=True)
class _Axis:
    low: float
    high: float
    begin: float
    end: float
    is_log: bool

    def place(self, value: float) -> float:
        """Convert a value to points of the drawing."""
        low, high, value = map(self._scaled, (self.low, self.high, max(value, self.low)))
        return self.begin + (self.end - self.begin) * (value - low) / ((high - low) or 1.0)

    def ticks(self) -> list[float]:
        """Return about five round numbers; on a logarithmic axis 1, 2 and 5 of each decade."""
        if self.is_log:
            exponents = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)))
            ticks = [step * 10.0**exponent for exponent in exponents for step in (1, 2, 5)]
            return [tick for tick in ticks if self.low <= tick <= self.high]
        step = _step_of(self.low, self.high)
        first, last = math.ceil(self.low / step), math.floor(self.high / step)
        return [number * step for number in range(first, last + 1)]

    def _scaled(self, value: float) -> float:
        return math.log10(value) if self.is_log else value


def _step_of(low: float, high: float) -> float:
    rough = (high - low) / 5 or 1.0
    magnitude = 10.0 ** math.floor(math.log10(rough))
    return next(step for step in (1, 2, 5, 10) if step * magnitude >= rough) * magnitude


Chart = BarChart | LineChart


def cumulative(values: Sequence[float]) -> Points:
    """Return the points of a cumulative distribution: value and percentage, 201 points."""
    ordered = sorted(values)
    if not ordered:
        return [(1.0, 0.0)]
    shares = [number / 200 for number in range(201)]
    return [(ordered[min(int(s * len(ordered)), len(ordered) - 1)], s * 100) for s in shares]
