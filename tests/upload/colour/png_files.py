"""Writes PNGs of every colour type and depth, with any chunks: Pillow writes few of them."""

import struct
import zlib
from collections.abc import Sequence

Sample = Sequence[int]
# First column, first row, steps of the seven passes of an interlaced picture.
_PASSES = (
    (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
    (0, 1, 1, 2),
)  # fmt: skip


def png_file(
    rows: Sequence[Sequence[Sample]],
    colour_type: int,
    depth: int,
    chunks: Sequence[tuple[bytes, bytes]] = (),
    *,
    interlaced: bool = False,
) -> bytes:
    """A PNG of these samples; the chunks stand before the pixels, in order."""
    height, width = len(rows), len(rows[0])
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, interlaced)
    passes = _PASSES if interlaced else ((0, 0, 1, 1),)
    lines = b"".join(
        b"\0" + _packed(row[left::across], depth)
        for left, top, across, down in passes
        for row in rows[top::down]
        if row[left::across]
    )
    body = [(b"IHDR", header), *chunks, (b"IDAT", zlib.compress(lines)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in body
    )


def iccp(profile: bytes) -> tuple[bytes, bytes]:
    """The chunk of a profile."""
    return b"iCCP", b"profile\0\0" + zlib.compress(profile)


def gama(exponent: float) -> tuple[bytes, bytes]:
    """The chunk for a display's gamma."""
    return b"gAMA", struct.pack(">I", round(100_000 / exponent))


def chrm(
    primaries: Sequence[tuple[float, float]], white: tuple[float, float]
) -> tuple[bytes, bytes]:
    """The chunk of chromaticities."""
    numbers = [number for point in (white, *primaries) for number in point]
    return b"cHRM", struct.pack(">8I", *(round(number * 100_000) for number in numbers))


def cicp(primaries: int, transfer: int, full_range: int = 1) -> tuple[bytes, bytes]:
    """The chunk of code points."""
    return b"cICP", bytes((primaries, transfer, 0, full_range))


def trns(*values: int) -> tuple[bytes, bytes]:
    """The chunk of one transparent colour."""
    return b"tRNS", struct.pack(f">{len(values)}H", *values)


def _packed(samples: Sequence[Sample], depth: int) -> bytes:
    values = [value for sample in samples for value in sample]
    if depth == 16:
        return struct.pack(f">{len(values)}H", *values)
    if depth == 8:
        return bytes(values)
    bits = "".join(format(value, f"0{depth}b") for value in values)
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")
