"""Converts pictures of any colour space to plain sRGB on white."""

import io
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageCms, ImageFilter

from services.upload.decoder.colour_tags import ColourTags
from services.upload.decoder.hlg_table import hlg_table


def _srgb() -> ImageCms.ImageCmsProfile:
    """sRGB that says it is of version 2: littlecms compensates black points of later ones.

    Browsers do not, and pictures of printers' colours would be darker than there.
    """
    said = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    said[8:12] = bytes((2, 0x40, 0, 0))
    return ImageCms.ImageCmsProfile(io.BytesIO(said))


_SRGB = _srgb()
_MODE_BY_COLOUR_SPACE = {"RGB ": "RGB", "GRAY": "L", "CMYK": "CMYK"}
_WITH_ALPHA = {"RGBA", "LA", "PA", "La", "RGBa"}
_WITHOUT_ALPHA = {"RGB", "L", "CMYK"}
_COLOURS_OF = {"1": "L", "L": "L", "I;16": "L", "LA": "L", "CMYK": "CMYK"}
_WHITE = (255, 255, 255)
_GREYS = 17
# Greys that a conversion moves further are of another curve: they are mixed after it, not before.
_CURVE_OFF_MAX = 6


@dataclass(frozen=True, slots=True)
class Conversion:
    """From a picture's colours to sRGB.

    `keeps_curve` says that its tone curve is nearly sRGB's, so that pixels may be averaged before
    it: a quarter of the pixels, or less, are then converted.
    """

    transform: ImageCms.ImageCmsTransform
    before: ImageFilter.Color3DLUT | None
    keeps_curve: bool

    @property
    def mode(self) -> str:
        """The mode of the pictures that it takes."""
        return str(self.transform.input_mode)

    def apply(self, layer: Image.Image) -> Image.Image:
        """The layer, which has `mode`, in sRGB."""
        if self.before is not None:
            layer = layer.filter(self.before)
        return self.transform.apply(layer)

    def apply_in_place(self, picture: Image.Image) -> None:
        """Convert a picture, which has `mode`, in its own memory; `mode` is that of the result."""
        self.transform.apply_in_place(picture)


@dataclass(frozen=True, slots=True)
class Key:
    """The one colour that a PNG declares transparent; one value for each channel."""

    values: tuple[int, ...]

    def alpha_of(self, layer: Image.Image) -> Image.Image:
        """Zero where the layer has the colour."""
        differs = [
            band.point([0 if level == value else 255 for level in range(256)])
            for band, value in zip(layer.split(), self.values, strict=True)
        ]
        alpha = differs[0]
        for band in differs[1:]:
            alpha = ImageChops.lighter(alpha, band)
        return alpha


def conversion_from(tags: ColourTags | None, mode: str) -> Conversion | None:
    """The conversion of a picture of this mode; None if there is none, or nothing to convert.

    RGBX is converted to RGBX, so in place; all others to RGB. A profile that is unreadable, or of
    other colours than the picture, is ignored.
    """
    if tags is None:
        return None
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(tags.profile))
        wanted = _MODE_BY_COLOUR_SPACE.get(source.profile.xcolor_space)
        if wanted is None or (wanted != "RGB" and wanted != _mode_of_colours(mode)):
            return None
        if wanted == "RGB" and mode == "CMYK":
            return None
        wanted, given = ("RGBX", "RGBX") if mode == "RGBX" else (wanted, "RGB")
        transform = ImageCms.buildTransform(source, _SRGB, wanted, given)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None
    before = hlg_table() if tags.is_hlg else None
    return Conversion(transform, before, before is None and _keeps_curve(transform))


def to_srgb(
    piece: Image.Image,
    conversion: Conversion | None,
    alpha: Image.Image | None = None,
    low_bytes: Image.Image | None = None,
) -> Image.Image:
    """The piece in mode RGB: converted, then laid on white as browsers do.

    `alpha` is given where it is not part of the piece, and `low_bytes` for one of sixteen bits.
    """
    if alpha is None and (piece.mode in _WITH_ALPHA or "transparency" in piece.info):
        piece = piece.convert("RGBA")
        alpha = piece.getchannel("A")
    colours = _without_alpha(piece)
    if low_bytes is None or conversion is None:
        colours = _in_srgb(colours, conversion)
    else:
        colours = _in_srgb_finely(colours, low_bytes, conversion)
    if alpha is None:
        return colours
    flat = Image.new("RGB", colours.size, _WHITE)
    flat.paste(colours, mask=alpha)
    return flat


def _without_alpha(piece: Image.Image) -> Image.Image:
    if piece.mode in _WITHOUT_ALPHA:
        return piece
    return piece.convert("L" if _mode_of_colours(piece.mode) == "L" else "RGB")


def _mode_of_colours(mode: str) -> str:
    return _COLOURS_OF.get(mode, "RGB")


def _in_srgb(colours: Image.Image, conversion: Conversion | None) -> Image.Image:
    if conversion is not None:
        mode = conversion.mode
        return conversion.apply(colours if colours.mode == mode else colours.convert(mode))
    return colours if colours.mode == "RGB" else colours.convert("RGB")


def _in_srgb_finely(
    high: Image.Image, low_bytes: Image.Image, conversion: Conversion
) -> Image.Image:
    """Of sixteen bits: mix what the two nearest values of eight bits show.

    Eight bits alone would show steps near black under a steep curve, such as that of linear light.
    """
    high = high.convert("RGB")
    low = low_bytes.convert("RGB")
    # A value of 256 h + l is h + (l - h) / 257 on the scale of eight bits.
    borrowed = ImageChops.subtract(high, low).point(([0] + [1] * 255) * 3)
    below = ImageChops.subtract(high, borrowed)
    above = below.point([min(level + 1, 255) for level in range(256)] * 3)
    bands = [
        Image.composite(more, less, share)
        for more, less, share in zip(
            _in_srgb(above, conversion).split(),
            _in_srgb(below, conversion).split(),
            ImageChops.subtract_modulo(low, high).split(),
            strict=True,
        )
    ]
    return Image.merge("RGB", bands)


def _keeps_curve(transform: ImageCms.ImageCmsTransform) -> bool:
    if transform.input_mode == "CMYK":
        return False
    levels = [round(255 * grey / (_GREYS - 1)) for grey in range(_GREYS)]
    greys = Image.new("L", (_GREYS, 1))
    greys.putdata(levels)
    layer = greys.convert("RGB" if transform.input_mode != "L" else "L")
    seen = transform.apply(layer.convert(transform.input_mode)).convert("RGB").tobytes()
    return all(
        abs(seen[3 * at + band] - level) <= _CURVE_OFF_MAX
        for at, level in enumerate(levels)
        for band in range(3)
    )
