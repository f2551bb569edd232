"""Shapes of a drawing, which is written as SVG for a page and as PNG."""

import html
import io
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from PIL import Image, ImageDraw, ImageFont

WIDTH = 860
_FONT_SIZE = 13
_LEGEND_ROW = 20
# Pixels per point, for high-resolution screens.
_PNG_SCALE = 2
_COLOURS = (
    *("#3d5a80", "#ee6c4d", "#2a9d8f", "#e9c46a", "#8e7dbe", "#98c1d9"),
    *("#bc4749", "#6a994e", "#7f5539", "#adb5bd", "#22223b", "#f4a6c0"),
)


@dataclass(frozen=True, slots=True)
class Box:
    """A filled rectangle."""

    x: float
    y: float
    width: float
    height: float
    colour: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line through points."""

    points: Sequence[tuple[float, float]]
    colour: str
    width: float = 2.0


@dataclass(frozen=True, slots=True)
class Label:
    """A text; `anchor` says whether `x` is its "start", "middle" or "end"."""

    x: float
    y: float
    text: str
    anchor: str = "start"


@dataclass(slots=True)
class Drawing:
    """All shapes; boxes are at the bottom and labels on top."""

    height: int
    boxes: list[Box] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)

    def add_legend(self, colours: Mapping[str, str]) -> None:
        """Add names and colours below the rest, in rows of the drawing's width."""
        x, y = 0.0, float(self.height)
        for name, colour in colours.items():
            width = 30 + 7.2 * len(name)
            if x + width > WIDTH:
                x, y = 0.0, y + _LEGEND_ROW
            self.boxes.append(Box(x, y + 1, 12, 12, colour))
            self.labels.append(Label(x + 17, y, name))
            x += width
        self.height = int(y) + _LEGEND_ROW


def colours_of(names: Iterable[str]) -> dict[str, str]:
    """Assign a colour to each name; equal lists get equal colours."""
    return dict(zip(dict.fromkeys(names), itertools.cycle(_COLOURS), strict=False))


def svg(drawing: Drawing) -> str:
    """Render as SVG without scripts or external addresses."""
    marks = [
        f'<rect x="{b.x:.1f}" y="{b.y:.1f}" width="{b.width:.1f}" height="{b.height:.1f}"'
        f' fill="{b.colour}"/>'
        for b in drawing.boxes
    ]
    for line in drawing.lines:
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in line.points)
        marks.append(
            f'<polyline points="{points}" fill="none" stroke="{line.colour}"'
            f' stroke-width="{line.width}"/>'
        )
    marks += [
        f'<text x="{label.x:.1f}" y="{label.y + 11:.1f}" text-anchor="{label.anchor}">'
        f"{html.escape(label.text)}</text>"
        for label in drawing.labels
    ]
    size = f'viewBox="0 0 {WIDTH} {drawing.height}" width="{WIDTH}" height="{drawing.height}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{"".join(marks)}</svg>'


def png(drawing: Drawing) -> bytes:
    """Render as PNG at twice the size."""
    scale = _PNG_SCALE
    image = Image.new("RGB", (WIDTH * scale, drawing.height * scale), "white")
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(size=_FONT_SIZE * scale)
    for box in drawing.boxes:
        corners = (box.x, box.y, box.x + box.width, box.y + box.height)
        draw.rectangle([scale * corner for corner in corners], fill=box.colour)
    for line in drawing.lines:
        points = [(scale * x, scale * y) for x, y in line.points]
        draw.line(points, fill=line.colour, width=round(line.width * scale), joint="curve")
    anchors = {"start": "ls", "middle": "ms", "end": "rs"}
    for label in drawing.labels:
        where = (scale * label.x, scale * (label.y + 11))
        # Pillow's font has no µ.
        text = label.text.replace("µ", "u")
        draw.text(where, text, fill="black", font=font, anchor=anchors[label.anchor])
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()
