"""The colours that a picture should show, computed from the standards' formulas alone.

Nothing here comes from the decoder or its colour engine. Sources: IEC 61966-2-1 (sRGB), ITU-T H.273
(code points), ITU-R BT.2100 (PQ, HLG), BT.2408 Annex 5 (tone mapping), ICC.1 (profiles), Lindbloom
(Bradford).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Colour = tuple[float, float, float]
Rows = tuple[Colour, Colour, Colour]

D50, D65 = (0.3457, 0.3585), (0.3127, 0.3290)
SRGB_XY = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
P3_XY = ((0.68, 0.32), (0.265, 0.69), (0.15, 0.06))
ADOBE_XY = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
PROPHOTO_XY = ((0.7347, 0.2653), (0.1596, 0.8404), (0.0366, 0.0001))
BT2020_XY = ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046))


def srgb_light(code: float) -> float:
    """Linear light of an sRGB code value."""
    return code / 12.92 if code <= 0.04045 else float(((code + 0.055) / 1.055) ** 2.4)


def srgb_code(light: float) -> float:
    """The sRGB code value of linear light, clipped."""
    light = min(max(light, 0.0), 1.0)
    return light * 12.92 if light <= 0.0031308 else float(1.055 * light ** (1 / 2.4) - 0.055)


def power(exponent: float) -> Callable[[float], float]:
    """A display with a pure gamma."""
    return lambda code: float(code**exponent)


def st428_light(code: float) -> float:
    """SMPTE ST 428-1, as H.273 writes it."""
    return min(float(code**2.6) * 52.37 / 48, 1.0)


def pq_nits(code: float) -> float:
    """BT.2100's PQ EOTF."""
    m1, m2, c1, c2, c3 = 0.1593017578125, 78.84375, 0.8359375, 18.8515625, 18.6875
    root = code ** (1 / m2)
    return float(10_000 * (max(root - c1, 0) / (c2 - c3 * root)) ** (1 / m1))


def pq_code(nits: float) -> float:
    """Its inverse."""
    m1, m2, c1, c2, c3 = 0.1593017578125, 78.84375, 0.8359375, 18.8515625, 18.6875
    y = (nits / 10_000) ** m1
    return float(((c1 + c2 * y) / (1 + c3 * y)) ** m2)


def eetf(nits: float, source_peak: float = 1000.0, target_peak: float = 203.0) -> float:
    """BT.2408 Annex 5, black at zero; in the light of an SDR display with the target's peak."""
    top = pq_code(source_peak)
    e1 = min(pq_code(nits) / top, 1.0)
    most = pq_code(target_peak) / top
    knee = 1.5 * most - 0.5
    if e1 < knee:
        e2 = e1
    else:
        t = (e1 - knee) / (1 - knee)
        e2 = (2 * t**3 - 3 * t**2 + 1) * knee
        e2 += (t**3 - 2 * t**2 + t) * (1 - knee) + (-2 * t**3 + 3 * t**2) * most
    return pq_nits(e2 * top) / target_peak


def pq_to_display(code: Colour) -> Colour:
    """Each channel by itself."""
    red, green, blue = (eetf(pq_nits(channel)) for channel in code)
    return red, green, blue


def hlg_to_display(code: Colour) -> Colour:
    """BT.2100's HLG on its display of 1,000 nits, then tone-mapped."""
    a, b, c = 0.17883277, 1 - 4 * 0.17883277, 0.5 - 0.17883277 * math.log(4 * 0.17883277)
    scene = [v * v / 3 if v <= 0.5 else (math.exp((v - c) / a) + b) / 12 for v in code]
    luminance = 0.2627 * scene[0] + 0.6780 * scene[1] + 0.0593 * scene[2]
    gain = 1000 * luminance**0.2 if luminance else 0.0
    red, green, blue = (eetf(gain * channel) for channel in scene)
    return red, green, blue


def by_channel(curve: Callable[[float], float]) -> Callable[[Colour], Colour]:
    """The same curve for the three channels."""
    return lambda code: (curve(code[0]), curve(code[1]), curve(code[2]))


@dataclass(frozen=True)
class Space:
    """Primaries and white (x, y), and the light of the display for code values from 0 to 1."""

    primaries: Sequence[tuple[float, float]]
    white: tuple[float, float]
    light: Callable[[Colour], Colour]

    def __post_init__(self) -> None:
        object.__setattr__(self, "_matrix", _to_linear_srgb(self.primaries, self.white))

    def srgb(self, code: Colour) -> Colour:
        """The sRGB code values, 0 to 1, clipped to the gamut."""
        matrix: Rows = self._matrix  # type: ignore[attr-defined]
        light = self.light(code)
        red, green, blue = (srgb_code(_dot(row, light)) for row in matrix)
        return red, green, blue


def lab_to_srgb(lightness: float, a: float, b: float) -> Colour:
    """Of a colour under D50."""
    fy = (lightness + 16) / 116
    fx, fz = fy + a / 500, fy - b / 200

    def inverse(t: float) -> float:
        return t**3 if t > 6 / 29 else 3 * (6 / 29) ** 2 * (t - 4 / 29)

    xyz = (0.9642 * inverse(fx), inverse(fy), 0.8249 * inverse(fz))
    matrix = _product(_inverse(_to_xyz(SRGB_XY, D65)), _bradford(D50, D65))
    red, green, blue = (srgb_code(_dot(row, xyz)) for row in matrix)
    return red, green, blue


def on_white(colour: Colour, alpha: float) -> Colour:
    """Blended as browsers do, in sRGB's code values."""
    red, green, blue = (alpha * channel + 1 - alpha for channel in colour)
    return red, green, blue


def _to_linear_srgb(primaries: Sequence[tuple[float, float]], white: tuple[float, float]) -> Rows:
    adapted = _product(_bradford(white, D65), _to_xyz(primaries, white))
    return _product(_inverse(_to_xyz(SRGB_XY, D65)), adapted)


def _to_xyz(primaries: Sequence[tuple[float, float]], white: tuple[float, float]) -> Rows:
    xs, ys = zip(*primaries, strict=True)
    rows: Rows = (xs, ys, tuple(1 - x - y for x, y in primaries))  # type: ignore[assignment]
    scales = tuple(_dot(row, _xyz(white)) for row in _inverse(rows))
    return tuple(tuple(c * s for c, s in zip(row, scales, strict=True)) for row in rows)  # type: ignore[return-value]


def _xyz(white: tuple[float, float]) -> Colour:
    x, y = white
    return x / y, 1.0, (1 - x - y) / y


def _bradford(start: tuple[float, float], end: tuple[float, float]) -> Rows:
    cone: Rows = ((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296))
    gains = [_dot(row, _xyz(end)) / _dot(row, _xyz(start)) for row in cone]
    scaled = tuple(tuple(c * gain for c in row) for row, gain in zip(cone, gains, strict=True))
    return _product(_inverse(cone), scaled)  # type: ignore[arg-type]


def _dot(row: Sequence[float], column: Sequence[float]) -> float:
    return row[0] * column[0] + row[1] * column[1] + row[2] * column[2]


def _product(left: Rows, right: Rows) -> Rows:
    columns = list(zip(*right, strict=True))
    return tuple(tuple(_dot(row, column) for column in columns) for row in left)  # type: ignore[return-value]


def _inverse(m: Rows) -> Rows:
    def minor(r: int, c: int) -> float:
        (a, b), (d, e) = ([m[i][j] for j in range(3) if j != c] for i in range(3) if i != r)
        return (a * e - b * d) * (1 if (r + c) % 2 == 0 else -1)

    determinant = sum(m[0][c] * minor(0, c) for c in range(3))
    return tuple(tuple(minor(c, r) / determinant for c in range(3)) for r in range(3))  # type: ignore[return-value]
