"""Draws the renditions of a decoded picture: cascaded resizing, upright, JPEG and perhaps WebP."""

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from types import MappingProxyType

from PIL import Image, features
from typing_extensions import Buffer

from services.upload.domain.edits import PhotoEdit, box_in, size_of_part
from services.upload.domain.filters import filtered
from services.upload.domain.placeholder import placeholder_of
from services.upload.domain.rendition_sizes import (
    WIDTHS,
    Size,
    middle_square,
    rendition_key,
    rendition_size,
    thumb_side,
)
from shared.contracts.photos import Rendition, RenditionName

_QUALITY = 80
_SUBSAMPLING = "4:2:0"
# The same mean SSIM as the JPEG (docs/measurements/webp.md). A higher method (up to 6) costs more
# processor time than its bytes are worth.
_WEBP_QUALITY = 84
_WEBP_METHOD = 2
# Four bytes per pixel, as decoded: nothing is repacked between decoder, resizing and encoder.
_MODE = "RGBX"
# A fifth cheaper than Lanczos, since it weighs two pixels per side instead of three. Encoding hides
# the difference: renditions differ by less than 0.2 dB (PSNR).
_KERNEL = Image.Resampling.BICUBIC
_SIDEWAYS = {5, 6, 7, 8}
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class RenditionFormat(Enum):
    """A format of renditions by its media type."""

    JPEG = "image/jpeg"
    WEBP = "image/webp"

    @property
    def ending(self) -> str:
        """The end of its files' names."""
        return _ENDINGS[self]


_ENDINGS = MappingProxyType({RenditionFormat.JPEG: "jpg", RenditionFormat.WEBP: "webp"})
FORMAT_BY_ENDING = MappingProxyType({ending: one for one, ending in _ENDINGS.items()})
CONTENT_TYPE = RenditionFormat.JPEG.value
# JPEG comes first: other parts take the first rendition of a name, and edits are drawn from it.
PLAIN_FORMATS = (RenditionFormat.JPEG,)
ALL_FORMATS = (RenditionFormat.JPEG, RenditionFormat.WEBP)


def can_write_webp() -> bool:
    """Whether this process's Pillow was built with libwebp."""
    return bool(features.check("webp"))


@dataclass(frozen=True, slots=True)
class DecodedPixels:
    """Rows of four bytes per pixel in stored order; `picture` is the whole picture's size.

    `orientation` is that of EXIF.
    """

    width: int
    height: int
    orientation: int
    picture: Size
    rows: Buffer


@dataclass(frozen=True, slots=True)
class DrawnRendition:
    """A rendition with its bytes, which are always the same for the same pixels."""

    name: RenditionName
    size: Size
    content: bytes
    format: RenditionFormat = RenditionFormat.JPEG

    def described(self, photo_id: int) -> Rendition:
        """Its description for the wire and the database."""
        digest = hashlib.sha256(self.content).hexdigest()
        return {
            "name": self.name,
            "width": self.size.width,
            "height": self.size.height,
            "key": rendition_key(photo_id, self.name, digest, self.format.ending),
            "content_type": self.format.value,
            "bytes": len(self.content),
        }


@dataclass(frozen=True, slots=True)
class DrawnPhoto:
    """The whole picture's size, all renditions, and the placeholder.

    Renditions are in the order of the formats asked for, and in each the largest comes first. A
    format lacks those that are too long for it, JPEG none.
    """

    size: Size
    renditions: tuple[DrawnRendition, ...]
    thumbhash: str


def draw_photo(
    decoded: DecodedPixels, formats: Sequence[RenditionFormat] = PLAIN_FORMATS
) -> DrawnPhoto:
    """Draw every rendition; each width is drawn from the one above it.

    Resizing comes before turning, because a small picture turns faster.
    """
    return _drawn(_stored(decoded), decoded, formats)


def draw_edit(
    decoded: DecodedPixels, edit: PhotoEdit, formats: Sequence[RenditionFormat] = PLAIN_FORMATS
) -> DrawnPhoto:
    """Draw every rendition of an edited photo from an upright rendition.

    The filter is applied once and first, so all sizes have the same colours.
    """
    picture, size = _stored(decoded), decoded.picture
    if edit.crop is not None:
        picture = picture.crop(box_in(edit.crop, size))
        size = size_of_part(edit.crop, size)
    if edit.filter_name is not None:
        picture = filtered(picture, edit.filter_name)
    cut = replace(decoded, width=size.width, height=size.height, picture=size)
    return _drawn(picture, cut, formats)


def _stored(decoded: DecodedPixels) -> Image.Image:
    return Image.frombuffer(
        _MODE,
        (decoded.width, decoded.height),
        decoded.rows,  # type: ignore[arg-type] # any buffer will do
        "raw",
        _MODE,
        0,
        1,
    )


def _drawn(
    stored: Image.Image, decoded: DecodedPixels, formats: Sequence[RenditionFormat]
) -> DrawnPhoto:
    drawn: list[tuple[RenditionName, Image.Image]] = []
    last = _first_width(stored, decoded)
    for name, width in WIDTHS:
        last = _resized(last, rendition_size(decoded.picture, width))
        drawn.append((name, last))
    placeholder = placeholder_of(last)
    drawn.append(("thumb", _thumb(stored, decoded, [picture for _, picture in drawn])))
    encoded = [rendition for one in formats for rendition in _encoded(drawn, one)]
    return DrawnPhoto(decoded.picture, tuple(encoded), placeholder)


def _first_width(stored: Image.Image, decoded: DecodedPixels) -> Image.Image:
    size = rendition_size(decoded.picture, WIDTHS[0][1])
    if decoded.orientation in _SIDEWAYS:
        size = Size(size.height, size.width)
    return _upright(_resized(stored, size), decoded.orientation)


def _resized(picture: Image.Image, size: Size) -> Image.Image:
    if picture.size == (size.width, size.height):
        return picture
    return picture.resize((size.width, size.height), _KERNEL)


def _upright(picture: Image.Image, orientation: int) -> Image.Image:
    turn = _TURNS.get(orientation)
    return picture if turn is None else picture.transpose(turn)


def _thumb(stored: Image.Image, decoded: DecodedPixels, drawn: list[Image.Image]) -> Image.Image:
    side = thumb_side(decoded.picture)
    for picture in reversed(drawn):
        if min(picture.size) >= side:
            return _square(picture, side)
    # In a panorama the renditions are lower than the thumb, but the picture is not.
    return _upright(_square(stored, side), decoded.orientation)


def _square(picture: Image.Image, side: int) -> Image.Image:
    box = middle_square(Size(*picture.size))
    return picture.resize((side, side), _KERNEL, box=box)


def _encoded(
    drawn: list[tuple[RenditionName, Image.Image]], wanted: RenditionFormat
) -> list[DrawnRendition]:
    # A picture narrower than several widths is the same at each, so it is encoded once.
    contents: dict[int, bytes] = {}
    fitting = [one for one in drawn if max(one[1].size) <= _SIDES_MAX[wanted]]
    for _, picture in fitting:
        if id(picture) not in contents:
            contents[id(picture)] = _ENCODERS[wanted](picture)
    return [
        DrawnRendition(name, Size(*picture.size), contents[id(picture)], wanted)
        for name, picture in fitting
    ]


def _jpeg(picture: Image.Image) -> bytes:
    # Built from pixels alone, the picture has no metadata that saving could write.
    content = io.BytesIO()
    picture.save(content, "JPEG", quality=_QUALITY, subsampling=_SUBSAMPLING)
    return content.getvalue()


def _webp(picture: Image.Image) -> bytes:
    content = io.BytesIO()
    picture.save(content, "WEBP", quality=_WEBP_QUALITY, method=_WEBP_METHOD)
    return content.getvalue()


# Of the formats. Narrow pictures keep their own height, which may be up to the decoder's limit.
_SIDES_MAX = MappingProxyType({RenditionFormat.JPEG: 65_535, RenditionFormat.WEBP: 16_383})
_ENCODERS = MappingProxyType({RenditionFormat.JPEG: _jpeg, RenditionFormat.WEBP: _webp})
