"""Filters: each is a table of colours, computed once and applied by Pillow.

A filter has a few numbers, where 0 changes nothing. `contrast` bends tones around the middle (-1 to
1); `fade` lifts black (up to 1). `saturation` and `warmth` range from -1 to 1. `shadows` and
`highlights` are tints for dark and light areas.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial

from PIL import Image, ImageFilter

from shared.errors import FieldError, Invalid
from shared.faults import fault

Colour = tuple[float, float, float]

# Steps per side of a table: Pillow interpolates between them without visible bands.
_STEPS = 17
_LUMA: Colour = (0.299, 0.587, 0.114)
_WARMTH: Colour = (0.12, 0.02, -0.12)
_TINT_SHARE = 0.35


@dataclass(frozen=True, slots=True)
class Filter:
    """How colours change; the module explains the numbers."""

    name: str
    title: str
    contrast: float = 0.0
    saturation: float = 0.0
    warmth: float = 0.0
    fade: float = 0.0
    shadows: Colour | None = None
    highlights: Colour | None = None


FILTERS: tuple[Filter, ...] = (
    Filter("noon", "Noon", contrast=0.25, saturation=0.25),
    Filter("amber", "Amber", contrast=0.1, warmth=0.7, highlights=(1.0, 0.86, 0.6)),
    Filter("harbour", "Harbour", contrast=0.15, warmth=-0.5, shadows=(0.0, 0.18, 0.32)),
    Filter("fog", "Fog", contrast=-0.3, saturation=-0.35, fade=0.35),
    Filter("dusk", "Dusk", warmth=0.2, shadows=(0.25, 0.1, 0.4), highlights=(1.0, 0.8, 0.7)),
    Filter("ember", "Ember", contrast=0.3, saturation=0.15, warmth=0.5, shadows=(0.3, 0.08, 0.0)),
    Filter("fern", "Fern", saturation=0.1, shadows=(0.02, 0.2, 0.1), highlights=(0.95, 1.0, 0.85)),
    Filter("slate", "Slate", contrast=0.2, saturation=-0.5, warmth=-0.25, shadows=(0.1, 0.13, 0.2)),
    Filter("rosewood", "Rosewood", fade=0.2, warmth=0.25, highlights=(1.0, 0.82, 0.86)),
    Filter("polar", "Polar", contrast=0.1, saturation=-0.2, warmth=-0.8, fade=0.1),
    Filter("orchard", "Orchard", contrast=0.1, saturation=0.5, warmth=0.15),
    Filter("parchment", "Parchment", saturation=-0.75, warmth=0.8, fade=0.25, contrast=-0.1),
    Filter("ink", "Ink", contrast=0.55, saturation=-1.0),
    Filter("silver", "Silver", contrast=-0.05, saturation=-1.0, fade=0.15),
)
_BY_NAME = {known.name: known for known in FILTERS}


def check_filter(name: str) -> None:
    """Raise Invalid for an unknown filter."""
    if name not in _BY_NAME:
        known = ", ".join(_BY_NAME)
        raise Invalid(errors=[FieldError("filter", fault("not_one_of", allowed=known))])


def filtered(picture: Image.Image, name: str) -> Image.Image:
    """The picture in a filter's colours; costs some milliseconds per megapixel."""
    return picture.filter(_table(name))


@lru_cache(maxsize=len(FILTERS))
def _table(name: str) -> ImageFilter.Color3DLUT:
    table: Callable[[float, float, float], Colour] = partial(_changed, _BY_NAME[name])
    return ImageFilter.Color3DLUT.generate(_STEPS, table)


def _changed(how: Filter, red: float, green: float, blue: float) -> Colour:
    colour = (red, green, blue)
    colour = _each(colour, lambda level, _: _bent(level, how.contrast))
    luma = _luma(colour)
    colour = _each(colour, lambda level, _: luma + (level - luma) * (1 + how.saturation))
    colour = _each(colour, lambda level, band: level + _WARMTH[band] * how.warmth)
    colour = _tinted(colour, how.shadows, (1 - luma) ** 2)
    colour = _tinted(colour, how.highlights, luma**2)
    return _each(colour, lambda level, _: how.fade * 0.25 + level * (1 - how.fade * 0.25))


def _bent(level: float, contrast: float) -> float:
    """An S-curve around the middle, or its inverse; black and white stay."""
    smooth = level * level * (3 - 2 * level)
    return level + (smooth - level) * contrast


def _tinted(colour: Colour, tint: Colour | None, share: float) -> Colour:
    if tint is None:
        return colour
    return _each(colour, lambda level, band: level + (tint[band] - level) * share * _TINT_SHARE)


def _luma(colour: Colour) -> float:
    return sum(level * weight for level, weight in zip(colour, _LUMA, strict=True))


def _each(colour: Colour, change: Callable[[float, int], float]) -> Colour:
    red, green, blue = (min(1.0, max(0.0, change(level, n))) for n, level in enumerate(colour))
    return red, green, blue
