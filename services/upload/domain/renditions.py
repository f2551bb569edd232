"""Draws the renditions of a decoded picture: cascaded resizing, upright, plain JPEG."""

import hashlib
import io
from dataclasses import dataclass, replace

from PIL import Image
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

CONTENT_TYPE = "image/jpeg"
_QUALITY = 80
_SUBSAMPLING = "4:2:0"
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

    def described(self, photo_id: int) -> Rendition:
        """Its description for the wire and the database."""
        digest = hashlib.sha256(self.content).hexdigest()
        return {
            "name": self.name,
            "width": self.size.width,
            "height": self.size.height,
            "key": rendition_key(photo_id, self.name, digest),
            "content_type": CONTENT_TYPE,
            "bytes": len(self.content),
        }


@dataclass(frozen=True, slots=True)
class DrawnPhoto:
    """The whole picture's size, all renditions, largest first, and the placeholder."""

    size: Size
    renditions: tuple[DrawnRendition, ...]
    thumbhash: str


def draw_photo(decoded: DecodedPixels) -> DrawnPhoto:
    """Draw every rendition; each width is drawn from the one above it.

    Resizing comes before turning, because a small picture turns faster.
    """
    return _drawn(_stored(decoded), decoded)


def draw_edit(decoded: DecodedPixels, edit: PhotoEdit) -> DrawnPhoto:
    """Draw every rendition of an edited photo from an upright rendition.

    The filter is applied once and first, so all sizes have the same colours.
    """
    picture, size = _stored(decoded), decoded.picture
    if edit.crop is not None:
        picture = picture.crop(box_in(edit.crop, size))
        size = size_of_part(edit.crop, size)
    if edit.filter_name is not None:
        picture = filtered(picture, edit.filter_name)
    return _drawn(picture, replace(decoded, width=size.width, height=size.height, picture=size))


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


def _drawn(stored: Image.Image, decoded: DecodedPixels) -> DrawnPhoto:
    drawn: list[tuple[RenditionName, Image.Image]] = []
    last = _first_width(stored, decoded)
    for name, width in WIDTHS:
        last = _resized(last, rendition_size(decoded.picture, width))
        drawn.append((name, last))
    placeholder = placeholder_of(last)
    drawn.append(("thumb", _thumb(stored, decoded, [picture for _, picture in drawn])))
    return DrawnPhoto(decoded.picture, _encoded(drawn), placeholder)


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


def _encoded(drawn: list[tuple[RenditionName, Image.Image]]) -> tuple[DrawnRendition, ...]:
    # A picture narrower than several widths is the same at each, so it is encoded once.
    contents: dict[int, bytes] = {}
    for _, picture in drawn:
        if id(picture) not in contents:
            contents[id(picture)] = _jpeg(picture)
    return tuple(
        DrawnRendition(name, Size(*picture.size), contents[id(picture)]) for name, picture in drawn
    )


def _jpeg(picture: Image.Image) -> bytes:
    # Built from pixels alone, the picture has no metadata that saving could write.
    content = io.BytesIO()
    picture.save(content, "JPEG", quality=_QUALITY, subsampling=_SUBSAMPLING)
    return content.getvalue()
