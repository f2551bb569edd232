"""Decodes a still WebP directly into the memory of its pixels.

Pillow decodes every WebP as an animation and holds it five times. A picture of 30 megapixels would
exceed a child's memory.
"""

import ctypes
from collections.abc import Callable

from PIL import _webp

from services.upload.decoder.limits import BYTES_PER_PIXEL

_Decode = ctypes.CFUNCTYPE(
    ctypes.c_void_p,
    ctypes.c_char_p,
    ctypes.c_size_t,
    ctypes.c_void_p,
    ctypes.c_size_t,
    ctypes.c_int,
)


def decode_still(content: bytes, width: int, pixels: memoryview) -> bool:
    """Fill `pixels` with RGBA rows; False for an animation, damage, or a missing library.

    The content is then undefined, and the caller may try Pillow.
    """
    if _decode_rgba_into is None:
        return False
    room = (ctypes.c_char * len(pixels)).from_buffer(pixels)
    stride = width * BYTES_PER_PIXEL
    filled = _decode_rgba_into(content, len(content), ctypes.addressof(room), len(pixels), stride)
    return bool(filled)


def _find_decoder() -> Callable[..., int | None] | None:
    # A library's handle also finds the symbols of the libraries it links to.
    library = ctypes.CDLL(_webp.__file__)
    try:
        return _Decode(("WebPDecodeRGBAInto", library))
    except AttributeError:
        return None


_decode_rgba_into = _find_decoder()
