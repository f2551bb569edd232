"""A drawn landscape in the colours of every filter, as a preview."""

import hashlib
import io
from dataclasses import dataclass

from PIL import Image, ImageDraw

from services.upload.domain.filters import FILTERS, filtered

_SIZE = (320, 240)
_HORIZON = 140
_QUALITY = 80
_SKY, _HAZE = (70, 140, 215), (250, 205, 160)
_SEA, _SHORE = (30, 90, 120), (120, 180, 180)


@dataclass(frozen=True, slots=True)
class FilterSample:
    """A small picture; `file_name` holds its hash, and a `name` of None means no filter."""

    name: str | None
    file_name: str
    content: bytes


def draw_samples() -> list[FilterSample]:
    """All samples, the one without a filter first; takes most of a second."""
    plain = _landscape()
    return [_sample(None, plain)] + [
        _sample(known.name, filtered(plain, known.name)) for known in FILTERS
    ]


def _sample(name: str | None, picture: Image.Image) -> FilterSample:
    content = io.BytesIO()
    picture.save(content, "JPEG", quality=_QUALITY)
    digest = hashlib.sha256(content.getvalue()).hexdigest()
    return FilterSample(name, f"{name or 'plain'}-{digest[:16]}.jpg", content.getvalue())


def _landscape() -> Image.Image:
    """Sky, sea, hills, a meadow, skin and cloth, on which filters differ visibly."""
    width, height = _SIZE
    picture = Image.new("RGB", _SIZE)
    picture.paste(_blend(_SKY, _HAZE, (width, _HORIZON)), (0, 0))
    picture.paste(_blend(_SHORE, _SEA, (width, height - _HORIZON)), (0, _HORIZON))
    draw = ImageDraw.Draw(picture)
    draw.ellipse((228, 40, 268, 80), fill=(255, 240, 200))
    draw.polygon([(0, 140), (70, 80), (140, 132), (200, 100), (250, 140)], fill=(90, 95, 125))
    draw.polygon([(0, 240), (0, 176), (130, 166), (240, 205), (320, 240)], fill=(90, 140, 60))
    draw.rectangle((52, 148, 76, 196), fill=(190, 40, 45))
    draw.ellipse((52, 122, 76, 148), fill=(224, 172, 138))
    draw.rectangle((96, 152, 118, 196), fill=(245, 245, 240))
    draw.ellipse((96, 128, 118, 152), fill=(110, 72, 50))
    draw.rectangle((286, 100, 298, 170), fill=(20, 20, 24))
    return picture


def _blend(top: tuple[int, ...], bottom: tuple[int, ...], size: tuple[int, int]) -> Image.Image:
    mask = Image.linear_gradient("L").resize(size)
    return Image.composite(Image.new("RGB", size, bottom), Image.new("RGB", size, top), mask)
