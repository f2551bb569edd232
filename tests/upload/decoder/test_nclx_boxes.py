"""Code points of an AVIF are those of its primary item; damage makes nothing fail."""

import io
import random
import struct

import pytest

from services.upload.decoder.nclx_boxes import find_nclx


def _box(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", len(content) + 8, name) + content


def _colr(primaries: int, transfer: int) -> bytes:
    return _box(b"colr", b"nclx" + struct.pack(">HHHB", primaries, transfer, 1, 0x80))


def _avif(owners: dict[int, list[int]], *, primary: int = 1, wide: bool = False) -> bytes:
    """Three properties: a size, the colours of P3, the colours of PQ; `owners` name theirs."""
    properties = _box(b"ispe", bytes(12)) + _colr(12, 13) + _colr(9, 16)
    form = ">H" if wide else ">B"
    entries = b"".join(
        struct.pack(">HB", item, len(numbers)) + b"".join(struct.pack(form, n) for n in numbers)
        for item, numbers in owners.items()
    )
    ipma = bytes((0, 0, 0, wide)) + struct.pack(">I", len(owners)) + entries
    iprp = _box(b"iprp", _box(b"ipco", properties) + _box(b"ipma", ipma))
    pitm = _box(b"pitm", bytes(4) + struct.pack(">H", primary))
    meta = _box(b"meta", bytes(4) + _box(b"hdlr", bytes(24)) + pitm + iprp)
    return _box(b"ftyp", b"avif" + bytes(4)) + meta + _box(b"mdat", bytes(10))


@pytest.mark.parametrize("wide", [False, True])
def test_each_item_has_its_own_code_points(wide: bool) -> None:
    owners = {1: [1, 2], 2: [1, 3]}
    assert find_nclx(io.BytesIO(_avif(owners, wide=wide))) == (12, 13)
    assert find_nclx(io.BytesIO(_avif(owners, primary=2, wide=wide))) == (9, 16)


def test_code_points_of_another_item_say_nothing_of_the_primary() -> None:
    assert find_nclx(io.BytesIO(_avif({1: [1], 2: [3]}))) is None


def test_an_essential_property_counts() -> None:
    assert find_nclx(io.BytesIO(_avif({1: [0x83]}))) == (9, 16)


def test_no_damage_makes_reading_the_boxes_fail() -> None:
    chance = random.Random(23)
    whole = _avif({1: [1, 2], 2: [1, 3]})
    for _ in range(2_000):
        damaged = bytearray(whole[: chance.randrange(len(whole))])
        for _ in range(min(4, len(damaged))):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        find_nclx(io.BytesIO(damaged))
