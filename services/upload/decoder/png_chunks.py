"""Reads chunks of a PNG that Pillow does not keep."""

import struct
from typing import BinaryIO

_SIGNATURE_BYTES = 8
# More come before the pixels of no honest picture; reading stops there.
_CHUNKS_MAX = 10_000


_COLOUR_TYPES_OF_GREY = {0, 4}


def depth_and_type(source: BinaryIO) -> tuple[int, int]:
    """Bits of a sample, and the colour type."""
    header = find_chunk(source, b"IHDR") or b""
    depth, colour_type = header[8:10].ljust(2, b"\0")
    return depth, colour_type


def is_grey(source: BinaryIO) -> bool:
    """Whether its colour type is grey, with or without alpha."""
    return depth_and_type(source)[1] in _COLOUR_TYPES_OF_GREY


def find_chunk(source: BinaryIO, wanted: bytes) -> bytes | None:
    """The data of the first chunk of this type before the pixels; None if there is none."""
    source.seek(_SIGNATURE_BYTES)
    for _ in range(_CHUNKS_MAX):
        head = source.read(8)
        if len(head) < 8 or head[4:] == b"IDAT":
            return None
        size, name = struct.unpack(">I4s", head)
        if name == wanted:
            return source.read(size)
        try:
            source.seek(source.tell() + size + 4)
        except ValueError:  # a memory map, at whose end the chunk does not end
            return None
    return None
