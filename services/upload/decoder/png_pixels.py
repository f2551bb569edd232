"""Loads PNGs as browsers show them: sixteen bits, and transparent colours of any depth."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from PIL import Image, ImageChops

from services.upload.decoder.colours import Key
from services.upload.decoder.png_chunks import depth_and_type, find_chunk

_GREY, _COLOUR, _PALETTE = 0, 2, 3
# Pillow's decoders of the high and of the low bytes of sixteen bits.
_HIGH_BYTES = {"L": "L;16B", "RGB": "RGB;16B"}
_LOW_BYTES = {"L": "L;16", "RGB": "RGB;16L"}


@dataclass(frozen=True, slots=True)
class TransparentColour:
    """The colour that counts as transparent.

    For sixteen bits, `low_bytes` are those of the pixels and `low` those of the colour.
    """

    key: Key
    low: Key | None = None
    low_bytes: Image.Image | None = None

    def alpha_of(self, piece: Image.Image, box: tuple[int, int, int, int]) -> Image.Image:
        """The alpha of a piece of the picture, which was cut from `box`."""
        alpha = self.key.alpha_of(piece.convert("L") if piece.mode == "1" else piece)
        if self.low is None or self.low_bytes is None:
            return alpha
        return ImageChops.lighter(alpha, self.low.alpha_of(self.low_bytes.crop(box)))


def load_png(
    image: Image.Image, source: BinaryIO, reopen: Callable[[], Image.Image]
) -> TransparentColour | None:
    """Decode the pixels into `image`; the transparent colour, if the file names one."""
    depth, colour_type = depth_and_type(source)
    if depth == 16 and colour_type in {_GREY, _COLOUR}:
        _decode_bytes_of(image, _HIGH_BYTES)
    said = find_chunk(source, b"tRNS") if "transparency" in image.info else None
    if said is not None and colour_type == _PALETTE:
        image.info["transparency"] = said
    _load(image)
    if said is None or colour_type == _PALETTE:
        return None
    # Pillow compares it with values that it has scaled already.
    image.info.pop("transparency", None)
    values = [int.from_bytes(said[at : at + 2], "big") for at in range(0, len(said) - 1, 2)]
    values = [value & ((1 << depth) - 1) for value in values[: len(image.getbands())]]
    if depth < 16:
        return TransparentColour(Key(tuple(value * 255 // ((1 << depth) - 1) for value in values)))
    low_bytes = reopen()
    _decode_bytes_of(low_bytes, _LOW_BYTES)
    _load(low_bytes)
    return TransparentColour(
        Key(tuple(value >> 8 for value in values)),
        Key(tuple(value & 0xFF for value in values)),
        low_bytes,
    )


def _load(image: Image.Image) -> None:
    try:
        image.load()
    except OSError:
        # A file cut short still has its tile. Of one with a wrong byte, the rows before it show.
        if image.tile:  # type: ignore[attr-defined]
            raise


def _decode_bytes_of(image: Image.Image, raw_modes: dict[str, str]) -> None:
    mode = "RGB" if image.mode == "RGB" else "L"
    image._mode = mode  # noqa: SLF001 - there is no public way to choose the bytes
    image.tile = [tile._replace(args=raw_modes[mode]) for tile in image.tile]  # type: ignore[attr-defined]
