"""The picture that all files show: gradients above, hard edges below, and an alpha of both."""

import colorsys
from collections.abc import Callable, Sequence

from tests.upload.colour.reference import Colour, on_white

WIDTH, HEIGHT = 48, 36
_EDGES_FROM = 24
_TILES: tuple[Colour, ...] = (
    (0, 0, 0), (1, 1, 1), (1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0), (0, 1, 1), (1, 0, 1),
    (0.5, 0.5, 0.5), (0.9, 0.2, 0.1), (0.1, 0.6, 0.2), (0.2, 0.2, 0.8),
)  # fmt: skip
Srgb = Callable[[Colour], Colour]
Samples = list[list[tuple[int, ...]]]


def colour_at(x: int, y: int) -> Colour:
    """The code values, 0 to 1, before they are rounded to a depth."""
    along = x / (WIDTH - 1)
    if y >= _EDGES_FROM:
        return _TILES[(x // 4 + 5 * ((y - _EDGES_FROM) // 4)) % len(_TILES)]
    bands: tuple[Colour, ...] = (
        (along, along, along),
        (along, along / 4, 0.1),
        (0.05, along, along / 3),
        (0.1, along / 2, along),
        colorsys.hsv_to_rgb(along, 1, 0.9),
        colorsys.hsv_to_rgb(along, 0.4, 0.8),
    )
    return bands[y // 4]


def alpha_at(x: int, y: int) -> float:
    """Opaque, clear and between, with gradients and edges."""
    if y >= _EDGES_FROM:
        return (x // 3 + y) % 3 / 2
    return (y % 4 + 4 * (x % 2)) / 7


def quantised(value: float, depth: int) -> int:
    """The sample of a value."""
    return round(value * ((1 << depth) - 1))


def colour_samples(depth: int, *, with_alpha: bool = False) -> Samples:
    """Rows of red, green, blue and perhaps alpha."""
    return [
        [
            tuple(
                quantised(value, depth)
                for value in (*colour_at(x, y), *([alpha_at(x, y)] if with_alpha else []))
            )
            for x in range(WIDTH)
        ]
        for y in range(HEIGHT)
    ]


def grey_samples(depth: int, *, with_alpha: bool = False) -> Samples:
    """Rows of one grey, the mean of the colours, and perhaps alpha."""
    return [
        [
            tuple(
                quantised(value, depth)
                for value in (
                    sum(colour_at(x, y)) / 3,
                    *([alpha_at(x, y)] if with_alpha else []),
                )
            )
            for x in range(WIDTH)
        ]
        for y in range(HEIGHT)
    ]


def shown(
    samples: Samples, depth: int, srgb: Srgb, transparent: Sequence[int] | None = None
) -> bytes:
    """The eight-bit sRGB that the samples should show on white; grey counts for all channels."""
    known: dict[tuple[int, ...], bytes] = {}
    most = (1 << depth) - 1
    for row in samples:
        for sample in row:
            if sample in known:
                continue
            values = [value / most for value in sample]
            colours, alpha = (values[:-1], values[-1]) if len(values) in {2, 4} else (values, 1.0)
            if sample == transparent:
                alpha = 0.0
            red, green, blue = colours * 3 if len(colours) == 1 else colours
            known[sample] = eight_bits(on_white(srgb((red, green, blue)), alpha))
    return b"".join(known[sample] for row in samples for sample in row)


def eight_bits(colour: Colour) -> bytes:
    """Rounded and clipped."""
    return bytes(round(255 * min(max(channel, 0.0), 1.0)) for channel in colour)


def as_is(code: Colour) -> Colour:
    """Of a picture that is sRGB."""
    return code
