"""Converts pictures of any colour space to plain sRGB on white."""

import io

from PIL import Image, ImageCms

_SRGB = ImageCms.createProfile("sRGB")
# Profiles that would change nothing; "c2" is the small sRGB that Facebook writes.
_SRGB_NAMES = ("sRGB", "c2")
_MODE_BY_COLOUR_SPACE = {"RGB ": "RGB", "GRAY": "L", "CMYK": "CMYK"}
_WITH_ALPHA = {"RGBA", "LA", "PA", "La", "RGBa"}
_SIXTEEN_BITS = {"I", "I;16", "I;16B", "I;16L", "I;16N"}
_WHITE = (255, 255, 255)


def srgb_transform(profile: bytes | None) -> ImageCms.ImageCmsTransform | None:
    """The conversion from an embedded ICC profile; None if there is nothing to convert.

    An unreadable profile is ignored: the picture shows with slightly wrong colours.
    """
    if not profile:
        return None
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if ImageCms.getProfileDescription(source).startswith(_SRGB_NAMES):
            return None
        mode = _MODE_BY_COLOUR_SPACE.get(source.profile.xcolor_space)
        return None if mode is None else ImageCms.buildTransform(source, _SRGB, mode, "RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None


def to_srgb(piece: Image.Image, transform: ImageCms.ImageCmsTransform | None) -> Image.Image:
    """The piece in mode RGB: converted, flattened on white, reduced to eight bits."""
    piece = _flat(piece)
    if transform is None:
        return piece if piece.mode == "RGB" else piece.convert("RGB")
    wanted = transform.input_mode
    if piece.mode != wanted:
        # A CMYK or grey profile in a picture of other colours belongs to another picture.
        piece = piece.convert("RGB")
        if wanted != "RGB":
            return piece
    converted = ImageCms.applyTransform(piece, transform)
    return piece if converted is None else converted


def _flat(piece: Image.Image) -> Image.Image:
    if piece.mode in _SIXTEEN_BITS:
        return _to_eight_bits(piece)
    if piece.mode in _WITH_ALPHA or "transparency" in piece.info:
        layers = piece.convert("RGBA")
        flat = Image.new("RGB", layers.size, _WHITE)
        flat.paste(layers, mask=layers.getchannel("A"))
        return flat
    if piece.mode in {"RGB", "L", "CMYK"}:
        return piece
    return piece.convert("RGB")


def _to_eight_bits(piece: Image.Image) -> Image.Image:
    # A direct conversion to L would clip everything above 255 to white.
    return piece.convert("I").point(lambda value: value * (1 / 256)).convert("L")
