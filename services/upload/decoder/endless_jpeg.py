"""Tells a JPEG that only lacks its end marker from one that lacks pixels too."""

import re
from collections.abc import Iterator

END = b"\xff\xd9"
_START_OF_SCAN, _END_OF_IMAGE = 0xDA, 0xD9
_SEQUENTIAL, _PROGRESSIVE = {0xC0, 0xC1, 0xC9}, {0xC2, 0xCA}
# Within a scan, 0xFF begins a marker unless a zero, a restart's number or another 0xFF follows.
_NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_COEFFICIENTS = 64
_FILLED_BYTES = 4096
# What may follow the last byte. Bits that are missing differ in one of these, and so do pixels that
# need them. With the end alone, they count as zeros.
TAILS = (
    b"\xfe" * _FILLED_BYTES + END,
    bytes(85 + (step * step * 37 + step * 91) % 167 for step in range(_FILLED_BYTES)) + END,
    END,
)


def lacks_only_its_end(content: bytes) -> bool:
    """Whether every scan that the frame needs has begun, and no end follows the last.

    Whether the last scan is whole, only decoding can tell.
    """
    needed: set[tuple[int, int]] = set()
    found: set[tuple[int, int]] = set()
    is_progressive = False
    for marker, data in _segments(content):
        if marker == _END_OF_IMAGE:
            return False
        if marker in _SEQUENTIAL | _PROGRESSIVE:
            is_progressive = marker in _PROGRESSIVE
            components = data[6::3][: data[5]] if len(data) > 5 else b""
            needed = {(name, number) for name in components for number in range(_COEFFICIENTS)}
        if marker == _START_OF_SCAN and data:
            found |= _finished_by(data, is_progressive=is_progressive)
    return bool(needed) and needed <= found


def _finished_by(scan: bytes, *, is_progressive: bool) -> set[tuple[int, int]]:
    """The coefficients of components that need no scan after this one."""
    components = scan[1 : 1 + 2 * scan[0] : 2]
    first, last, approximation = scan[1 + 2 * scan[0] :].ljust(3, b"\0")[:3]
    if not is_progressive:
        first, last, approximation = 0, _COEFFICIENTS - 1, 0
    if approximation & 0x0F:
        return set()
    return {(name, number) for name in components for number in range(first, last + 1)}


def _segments(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Markers with their data, without what a scan codes."""
    at = 2
    while (found := _NEXT_MARKER.search(content, at)) is not None:
        marker = content[found.start() + 1]
        size = int.from_bytes(content[found.end() : found.end() + 2], "big")
        yield marker, content[found.end() + 2 : found.end() + size]
        at = found.end() + (0 if marker == _END_OF_IMAGE else size)
