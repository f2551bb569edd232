"""ICC profiles that the tests write: RGB by primaries and gamma, grey by gamma, CMYK by a table."""

import struct
from itertools import product

from tests.upload.colour.reference import D50, D65, Rows, _bradford, _product, _to_xyz

Curve = bytes


def gamma_curve(exponent: float) -> Curve:
    """A pure gamma in one number."""
    return b"curv" + struct.pack(">IIH", 0, 1, round(exponent * 256))


def sampled_curve(light: object, samples: int = 1024) -> Curve:
    """A table, as most writers of sRGB give it."""
    assert callable(light)
    levels = [round(65535 * light(n / (samples - 1))) for n in range(samples)]
    return b"curv" + struct.pack(f">II{samples}H", 0, samples, *levels)


def srgb_formula() -> Curve:
    """sRGB's curve as a formula."""
    numbers = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
    return b"para" + struct.pack(">IHH5i", 0, 3, 0, *(round(n * 65536) for n in numbers))


def rgb_profile(
    name: str,
    primaries: tuple[tuple[float, float], ...],
    curve: Curve,
    white: tuple[float, float] = D65,
) -> bytes:
    """A display's profile; what it calls itself is up to the test."""
    matrix: Rows = _product(_bradford(white, D50), _to_xyz(primaries, white))
    tags = {
        tag: _xyz(*(row[at] for row in matrix))
        for at, tag in enumerate((b"rXYZ", b"gXYZ", b"bXYZ"))
    }
    tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    return _file(name, b"mntr", b"RGB ", b"XYZ ", tags)


def grey_profile(exponent: float) -> bytes:
    """A profile of grey pictures."""
    return _file("grey", b"mntr", b"GRAY", b"XYZ ", {b"kTRC": gamma_curve(exponent)})


def lab_of_ink(c: float, m: float, y: float, k: float) -> tuple[float, float, float]:
    """The colours of the inks of `cmyk_profile`: linear, so that every interpolation is exact."""
    return 95 - 20 * c - 22 * m - 8 * y - 40 * k, 30 * m - 25 * c, 40 * y - 20 * c


def cmyk_profile() -> bytes:
    """A printer's profile with a table of two nodes for each ink."""
    table = b"".join(
        struct.pack(">3H", *_lab_16(*lab_of_ink(*ink))) for ink in product((0, 1), repeat=4)
    )
    identity = struct.pack(">9i", *(65536 * (n in {0, 4, 8}) for n in range(9)))
    line = struct.pack(">2H", 0, 65535)
    head = b"mft2" + struct.pack(">IBBBB", 0, 4, 3, 2, 0) + identity + struct.pack(">HH", 2, 2)
    return _file("inks", b"prtr", b"CMYK", b"Lab ", {b"A2B0": head + 4 * line + table + 3 * line})


def _lab_16(lightness: float, a: float, b: float) -> tuple[int, int, int]:
    return round(lightness / 100 * 0xFF00), round((a + 128) * 256), round((b + 128) * 256)


def _file(name: str, kind: bytes, space: bytes, pcs: bytes, tags: dict[bytes, bytes]) -> bytes:
    said = name.encode() + b"\0"
    description = b"desc" + struct.pack(">II", 0, len(said)) + said + b"\0" * 78
    tags = {
        b"desc": description,
        b"cprt": b"text\0\0\0\0none\0",
        b"wtpt": _xyz(0.9642, 1.0, 0.8249),
        **tags,
    }
    table, data = struct.pack(">I", len(tags)), b""
    first = 128 + 4 + 12 * len(tags)
    for tag, content in tags.items():
        table += tag + struct.pack(">II", first + len(data), len(content))
        data += content + b"\0" * (-len(content) % 4)
    header = struct.pack(">I4sI4s4s4s", first + len(data), b"none", 0x02400000, kind, space, pcs)
    header += b"\0" * 12 + b"acsp" + b"\0" * 28 + _xyz(0.9642, 1.0, 0.8249)[8:]
    return header.ljust(128, b"\0") + table + data


def _xyz(*numbers: float) -> bytes:
    return b"XYZ \0\0\0\0" + b"".join(struct.pack(">i", round(n * 65536)) for n in numbers)
