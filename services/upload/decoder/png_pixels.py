"""Loads PNGs as browsers show them: sixteen bits, and transparent colours of any depth."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import BinaryIO

from PIL import Image, ImageChops

from services.upload.decoder.colours import Key
from services.upload.decoder.png_chunks import depth_and_type, find_chunk

_GREY, _COLOUR, _PALETTE, _COLOUR_ALPHA = 0, 2, 3, 6
# Pillow's decoders of the high and of the low bytes of sixteen bits.
_HIGH_BYTES = {"L": "L;16B", "RGB": "RGB;16B", "RGBA": "RGBA;16B"}
_LOW_BYTES = {"L": "L;16", "RGB": "RGB;16L", "RGBA": "RGBA;16L"}
Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class PngExtras:
    """What the eight bits of the pixels do not hold: a transparent colour, and low bytes.

    `key_low` is the low byte of the transparent colour, if it has sixteen bits.
    """

    key: Key | None = None
    key_low: Key | None = None
    low_bytes: Image.Image | None = None

    def alpha_of(self, piece: Image.Image, box: Box) -> Image.Image | None:
        """The alpha of a piece of the picture, which was cut from `box`; None without a key."""
        if self.key is None:
            return None
        alpha = self.key.alpha_of(piece.convert("L") if piece.mode == "1" else piece)
        if self.key_low is None or self.low_bytes is None:
            return alpha
        return ImageChops.lighter(alpha, self.key_low.alpha_of(self.low_bytes.crop(box)))

    def low_bytes_of(self, box: Box) -> Image.Image | None:
        """The low bytes of a piece; None if there are none."""
        return None if self.low_bytes is None else self.low_bytes.crop(box)


def load_png(
    image: Image.Image,
    source: BinaryIO,
    reopen: Callable[[], Image.Image],
    *,
    wants_low_bytes: bool,
) -> PngExtras:
    """Decode the pixels into `image`, reduced to eight bits, and return what that leaves out."""
    depth, colour_type = depth_and_type(source)
    if depth == 16 and colour_type in {_GREY, _COLOUR}:
        _decode_bytes_of(image, _HIGH_BYTES)
    said = find_chunk(source, b"tRNS") if "transparency" in image.info else None
    if said is not None and colour_type == _PALETTE:
        image.info["transparency"] = said
        said = None
    _load(image)
    extras = PngExtras()
    if said is not None:
        # Pillow compares it with values that it has scaled already.
        image.info.pop("transparency", None)
        extras = _with_key(said, depth, len(image.getbands()))
    has_low_bytes = depth == 16 and colour_type in {_GREY, _COLOUR, _COLOUR_ALPHA}
    if has_low_bytes and (wants_low_bytes or extras.key_low is not None):
        low_bytes = reopen()
        _decode_bytes_of(low_bytes, _LOW_BYTES)
        _load(low_bytes)
        extras = replace(extras, low_bytes=low_bytes)
    return extras


def _with_key(said: bytes, depth: int, bands: int) -> PngExtras:
    values = [int.from_bytes(said[at : at + 2], "big") for at in range(0, 2 * bands, 2)]
    most = (1 << depth) - 1
    if depth < 16:
        return PngExtras(Key(tuple((value & most) * 255 // most for value in values)))
    return PngExtras(
        Key(tuple(value >> 8 for value in values)), Key(tuple(value & 0xFF for value in values))
    )


def _load(image: Image.Image) -> None:
    try:
        image.load()
    except OSError:
        # A file cut short still has its tile. Of one with a wrong byte, the rows before it show.
        if image.tile:  # type: ignore[attr-defined]
            raise


def _decode_bytes_of(image: Image.Image, raw_modes: dict[str, str]) -> None:
    mode = image.mode if image.mode in raw_modes else "L"
    image._mode = mode  # noqa: SLF001 - there is no public way to choose the bytes
    image.tile = [tile._replace(args=raw_modes[mode]) for tile in image.tile]  # type: ignore[attr-defined]
