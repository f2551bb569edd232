"""ICC profiles: written from primaries and a curve, and compared with sRGB by their tags."""

import struct
from collections.abc import Sequence

from services.upload.decoder.transfer_curves import SRGB, Curve, srgb_encoded

Matrix = Sequence[Sequence[float]]
Point = tuple[float, float]

# The white of the profile connection space: D50, as ICC.1 writes it.
_D50 = (0.9642, 1.0, 0.8249)
_BRADFORD = ((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296))
# One sample for each code value of eight bits, so that none is interpolated.
_SAMPLES = 256

_SRGB_COLORANTS = {
    b"rXYZ": (0.4361, 0.2225, 0.0139),
    b"gXYZ": (0.3851, 0.7169, 0.0971),
    b"bXYZ": (0.1431, 0.0606, 0.7141),
}
_CURVE_TAGS = (b"rTRC", b"gTRC", b"bTRC")
# Tables that a colour engine prefers to primaries and curves.
_TABLE_TAGS = (b"A2B0", b"A2B1", b"A2B2", b"D2B0", b"D2B1", b"D2B2")
_HEADER_BYTES = 128
_TAGS_MAX = 100
# The roundings of writers: colorants of v2 and v4 profiles differ by this, no eye sees it.
_COLORANT_OFF_MAX = 0.0015
# In code values of eight bits.
_CURVE_OFF_MAX = 0.6
_PROBES = tuple(step / 32 for step in range(33))


def profile_of(primaries: Sequence[Point], white: Point, curve: Curve) -> bytes:
    """A display profile of these chromaticities (x, y of red, green, blue) and this curve.

    White stays white: it is adapted to D50 by Bradford's method. Raises ValueError if the primaries
    span nothing.
    """
    colorants = _colorants(primaries, white)
    samples = [round(65535 * min(max(curve(n / 255), 0.0), 1.0)) for n in range(_SAMPLES)]
    trc = struct.pack(f">4sII{_SAMPLES}H", b"curv", 0, _SAMPLES, *samples)
    try:
        tags = {
            name: _xyz(*(row[at] for row in colorants)) for at, name in enumerate(_SRGB_COLORANTS)
        }
    except struct.error:
        raise ValueError("colorants out of range") from None
    tags |= dict.fromkeys(_CURVE_TAGS, trc)
    return _file_of({b"wtpt": _xyz(*_D50), **tags})


def is_srgb(profile: bytes) -> bool:
    """Whether the profile's colorants and curves are sRGB's, whatever it calls itself."""
    try:
        tags = _tags(profile)
        return (
            profile[16:24] == b"RGB XYZ "
            and not any(name in tags for name in _TABLE_TAGS)
            and all(_is_near(tags[name], wanted) for name, wanted in _SRGB_COLORANTS.items())
            and all(_is_srgb_curve(tag) for tag in {tags[name] for name in _CURVE_TAGS})
        )
    except (KeyError, IndexError, struct.error, ArithmeticError):
        return False


def _tags(profile: bytes) -> dict[bytes, bytes]:
    count = min(int.from_bytes(profile[_HEADER_BYTES : _HEADER_BYTES + 4], "big"), _TAGS_MAX)
    tags = {}
    for name, at, size in struct.iter_unpack(
        ">4sII", profile[_HEADER_BYTES + 4 : _HEADER_BYTES + 4 + 12 * count]
    ):
        tags[name] = profile[at : at + size]
    return tags


def _is_near(tag: bytes, wanted: tuple[float, float, float]) -> bool:
    found = struct.unpack(">3i", tag[8:20])
    pairs = zip(found, wanted, strict=True)
    return all(abs(number / 65536 - other) <= _COLORANT_OFF_MAX for number, other in pairs)


def _is_srgb_curve(tag: bytes) -> bool:
    curve = _parametric(tag) if tag[:4] == b"para" else _tabulated(tag)
    return curve is not None and all(
        abs(srgb_encoded(curve(probe)) - probe) * 255 <= _CURVE_OFF_MAX for probe in _PROBES
    )


def _tabulated(tag: bytes) -> Curve | None:
    """A table of samples; None if it is a pure power or no curve."""
    count = int.from_bytes(tag[8:12], "big")
    if tag[:4] != b"curv" or count < 2:
        return None
    samples = memoryview(tag)[12 : 12 + 2 * count]

    def curve(value: float) -> float:
        place = value * (count - 1)
        low = min(int(place), count - 2)
        below, above = struct.unpack_from(">HH", samples, 2 * low)
        return float(below + (above - below) * (place - low)) / 65535

    return curve


def _parametric(tag: bytes) -> Curve | None:
    """ICC.1's function type 3, which sRGB is written in; None for others."""
    kind = int.from_bytes(tag[8:10], "big")
    if kind != 3:
        return None
    g, a, b, c, d = (number / 65536 for number in struct.unpack(">5i", tag[12:32]))
    return lambda value: float(c * value if value < d else max(a * value + b, 0.0) ** g)


def _colorants(primaries: Sequence[Point], white: Point) -> Matrix:
    """The matrix from linear RGB to XYZ under D50."""
    if white[1] <= 0:
        raise ValueError("a white without light")
    columns = [(x, y, 1 - x - y) for x, y in primaries]
    directions = list(zip(*columns, strict=True))
    white_xyz = (white[0] / white[1], 1.0, (1 - white[0] - white[1]) / white[1])
    scales = _times(_inverse(directions), white_xyz)
    to_xyz = [[cell * scale for cell, scale in zip(row, scales, strict=True)] for row in directions]
    adaptation = _adaptation(white_xyz)
    adapted = [_times(adaptation, column) for column in zip(*to_xyz, strict=True)]
    return list(zip(*adapted, strict=True))


def _adaptation(white: Sequence[float]) -> Matrix:
    from_cone, to_cone = _times(_BRADFORD, white), _times(_BRADFORD, _D50)
    if min(from_cone) <= 0:
        raise ValueError("a white that no eye sees")
    scaled = [
        [cell * to / of for cell in row]
        for row, of, to in zip(_BRADFORD, from_cone, to_cone, strict=True)
    ]
    back = _inverse(_BRADFORD)
    columns = [_times(back, column) for column in zip(*scaled, strict=True)]
    return list(zip(*columns, strict=True))


def _times(matrix: Matrix, vector: Sequence[float]) -> list[float]:
    return [sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix]


def _inverse(matrix: Matrix) -> Matrix:
    (a, b, c), (d, e, f), (g, h, i) = matrix
    cofactors = (e * i - f * h, f * g - d * i, d * h - e * g)
    determinant = a * cofactors[0] + b * cofactors[1] + c * cofactors[2]
    if abs(determinant) < 1e-9:
        raise ValueError("primaries on one line")
    rows = (
        (cofactors[0], c * h - b * i, b * f - c * e),
        (cofactors[1], a * i - c * g, c * d - a * f),
        (cofactors[2], b * g - a * h, a * e - b * d),
    )
    return [[cell / determinant for cell in row] for row in rows]


def _xyz(x: float, y: float, z: float) -> bytes:
    return struct.pack(">4sI3i", b"XYZ ", 0, *(round(number * 65536) for number in (x, y, z)))


def _file_of(tags: dict[bytes, bytes]) -> bytes:
    table, data = struct.pack(">I", len(tags)), b""
    first = _HEADER_BYTES + 4 + 12 * len(tags)
    for name, tag in tags.items():
        table += name + struct.pack(">II", first + len(data), len(tag))
        data += tag + b"\0" * (-len(tag) % 4)
    header = struct.pack(
        ">I4sI4s4s4s", first + len(data), b"none", 0x02400000, b"mntr", b"RGB ", b"XYZ "
    )
    header += b"\0" * 12 + b"acsp" + b"\0" * 28 + _xyz(*_D50)[8:]
    return header.ljust(_HEADER_BYTES, b"\0") + table + data


# The curve of a profile that only names primaries.
DEFAULT_CURVE = SRGB
