"""Stacked bars, drawn once and written twice: as SVG for the report, as PNG to pass on."""

import html
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

WIDTH = 860
_NAMES_WIDTH = 210
_BAR_HEIGHT, _ROW_HEIGHT, _TOP = 20, 30, 34
_COLOURS = (
    *("#3d5a80", "#ee6c4d", "#2a9d8f", "#e9c46a", "#8e7dbe", "#98c1d9"),
    *("#bc4749", "#6a994e", "#7f5539", "#adb5bd", "#22223b", "#f4a6c0"),
)


@dataclass(frozen=True, slots=True)
class Chart:
    """Rows of parts that add up; the longest row fills the width."""

    title: str
    unit: str
    rows: Sequence[tuple[str, Mapping[str, float]]]

    @property
    def parts(self) -> list[str]:
        """All of them, in the order in which they appear."""
        return list(dict.fromkeys(part for _, values in self.rows for part in values))

    @property
    def height(self) -> int:
        """In pixels, with the legend below."""
        return _TOP + _ROW_HEIGHT * (len(self.rows) + 1 + len(self.parts) // 6)


@dataclass(frozen=True, slots=True)
class _Box:
    x: float
    y: float
    width: float
    height: float
    colour: str


@dataclass(frozen=True, slots=True)
class _Label:
    x: float
    y: float
    text: str


def svg(chart: Chart) -> str:
    """For a page; it has no scripts and names no address."""
    boxes, labels = _drawn(chart)
    marks = [
        f'<rect x="{b.x:.1f}" y="{b.y:.1f}" width="{b.width:.1f}" height="{b.height:.1f}"'
        f' fill="{b.colour}"/>'
        for b in boxes
    ]
    words = [
        f'<text x="{label.x:.1f}" y="{label.y + 11:.1f}">{html.escape(label.text)}</text>'
        for label in labels
    ]
    size = f'viewBox="0 0 {WIDTH} {chart.height}" width="{WIDTH}" height="{chart.height}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{"".join(marks + words)}</svg>'


def png(chart: Chart) -> bytes:
    """The same picture, at twice the size."""
    boxes, labels = _drawn(chart)
    image = Image.new("RGB", (WIDTH * 2, chart.height * 2), "white")
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default()
    for box in boxes:
        corners = (box.x, box.y, box.x + box.width, box.y + box.height)
        draw.rectangle([2 * corner for corner in corners], fill=box.colour)
    for label in labels:
        draw.text((2 * label.x, 2 * label.y), label.text, fill="black", font=font)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def _drawn(chart: Chart) -> tuple[list[_Box], list[_Label]]:
    colours = {part: _COLOURS[n % len(_COLOURS)] for n, part in enumerate(chart.parts)}
    longest = max((sum(values.values()) for _, values in chart.rows), default=0.0) or 1.0
    scale = (WIDTH - _NAMES_WIDTH - 110) / longest
    boxes, labels = [], [_Label(0, 4, chart.title)]
    y = float(_TOP)
    for name, values in chart.rows:
        labels.append(_Label(0, y + 3, name))
        x = float(_NAMES_WIDTH)
        for part, value in values.items():
            boxes.append(_Box(x, y, value * scale, _BAR_HEIGHT, colours[part]))
            x += value * scale
        labels.append(_Label(x + 6, y + 3, f"{sum(values.values()):.2f} {chart.unit}"))
        y += _ROW_HEIGHT
    for n, (part, colour) in enumerate(colours.items()):
        x, line = (n % 6) * WIDTH / 6, y + 8 + _ROW_HEIGHT * (n // 6)
        boxes.append(_Box(x, line, 12, 12, colour))
        labels.append(_Label(x + 17, line, part))
    return boxes, labels
