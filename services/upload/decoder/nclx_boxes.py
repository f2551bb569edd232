"""Finds the colour code points (`nclx`) of an AVIF's picture: ISO/IEC 14496-12 and 23008-12."""

import struct
from collections.abc import Iterator
from typing import BinaryIO

# Boxes of one level, and items with properties: more have no honest file.
_BOXES_MAX = 1_000
_META_BYTES_MAX = 1_000_000
_FULL_BOX_BYTES = 4


def find_nclx(source: BinaryIO) -> tuple[int, int] | None:
    """ColourPrimaries and TransferCharacteristics of the primary item; None if unsaid."""
    source.seek(0)
    try:
        meta = _meta(source)
        boxes = {} if meta is None else dict(_boxes(meta[_FULL_BOX_BYTES:]))
        properties = dict(_boxes(boxes[b"iprp"]))
        ids = _property_ids(properties[b"ipma"], _primary_item(boxes[b"pitm"]))
        for number, (name, content) in enumerate(_boxes(properties[b"ipco"]), 1):
            if number in ids and name == b"colr" and content[:4] == b"nclx":
                primaries, transfer = struct.unpack_from(">HH", content, 4)
                return primaries, transfer
    except (struct.error, KeyError, IndexError, ValueError):
        return None
    return None


def _meta(source: BinaryIO) -> bytes | None:
    for _ in range(_BOXES_MAX):
        head = source.read(8)
        if len(head) < 8:
            return None
        size, name = struct.unpack(">I4s", head)
        if name == b"meta":
            return source.read(min(size, _META_BYTES_MAX) - 8)
        if size < 8:
            return None
        source.seek(source.tell() + size - 8)
    return None


def _boxes(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    for _ in range(_BOXES_MAX):
        if at + 8 > len(content):
            return
        size, name = struct.unpack_from(">I4s", content, at)
        if size < 8:
            return
        yield name, content[at + 8 : at + size]
        at += size


def _primary_item(pitm: bytes) -> int:
    return int.from_bytes(pitm[_FULL_BOX_BYTES:], "big")


def _property_ids(ipma: bytes, wanted_item: int) -> set[int]:
    """The numbers of the properties of an item, counted from 1."""
    version, flags = ipma[0], ipma[3]
    item_bytes = 2 if version == 0 else 4
    property_bytes = 2 if flags & 1 else 1
    entries = int.from_bytes(ipma[4:8], "big")
    at = 8
    for _ in range(min(entries, _BOXES_MAX)):
        item = int.from_bytes(ipma[at : at + item_bytes], "big")
        count = ipma[at + item_bytes]
        at += item_bytes + 1
        if item == wanted_item:
            mask = (1 << (8 * property_bytes - 1)) - 1
            ends = range(at, at + count * property_bytes, property_bytes)
            return {int.from_bytes(ipma[end : end + property_bytes], "big") & mask for end in ends}
        at += count * property_bytes
    return set()
