"""How code values turn into light: the transfer functions of ITU-T H.273, and tone mapping of HDR.

HDR is mapped to an SDR display by the EETF of Report ITU-R BT.2408, Annex 5 (once in BT.2390), on
each of R, G and B. The source's peak is that of BT.2100's reference display, the target's peak is
BT.2408's reference white.
"""

from collections.abc import Callable

Curve = Callable[[float], float]

SOURCE_PEAK_NITS = 1_000.0
REFERENCE_WHITE_NITS = 203.0

# BT.2100, table 4.
_PQ_M1, _PQ_M2 = 2610 / 16384, 2523 / 4096 * 128
_PQ_C1, _PQ_C2, _PQ_C3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
_PQ_PEAK_NITS = 10_000.0
# BT.2100, table 5; the gamma is that of a display of 1,000 nits.
_HLG_A, _HLG_B, _HLG_C = 0.17883277, 0.28466892, 0.55991073
_HLG_GAMMA = 1.2
LUMINANCE_BT2020 = (0.2627, 0.6780, 0.0593)

HLG = 18


def gamma(exponent: float) -> Curve:
    """A pure power."""
    return lambda value: float(max(value, 0.0) ** exponent)


def with_toe(exponent: float, alpha: float, slope: float, toe_end: float) -> Curve:
    """A power that is linear near black: of sRGB and SMPTE 240M."""

    def curve(value: float) -> float:
        if value < toe_end:
            return value / slope
        return float(((value + alpha - 1) / alpha) ** exponent)

    return curve


def _logarithmic(decades: float) -> Curve:
    return lambda value: 0.0 if value <= 0 else 10 ** (decades * (value - 1))


def nits_of_pq(value: float) -> float:
    """The luminance of a PQ code value from 0 to 1."""
    root = value ** (1 / _PQ_M2)
    ratio = max(root - _PQ_C1, 0.0) / (_PQ_C2 - _PQ_C3 * root)
    return float(_PQ_PEAK_NITS * ratio ** (1 / _PQ_M1))


def pq_of_nits(nits: float) -> float:
    """The PQ code value of a luminance."""
    root = (max(nits, 0.0) / _PQ_PEAK_NITS) ** _PQ_M1
    return float(((_PQ_C1 + _PQ_C2 * root) / (1 + _PQ_C3 * root)) ** _PQ_M2)


_PQ_OF_PEAK = pq_of_nits(SOURCE_PEAK_NITS)
_TARGET = pq_of_nits(REFERENCE_WHITE_NITS) / _PQ_OF_PEAK
_KNEE = 1.5 * _TARGET - 0.5


def tone_mapped(nits: float) -> float:
    """The light of the SDR display, 1 for its white, of an HDR display's luminance."""
    level = min(pq_of_nits(nits) / _PQ_OF_PEAK, 1.0)
    if level > _KNEE:
        t = (level - _KNEE) / (1 - _KNEE)
        level = (
            (2 * t**3 - 3 * t**2 + 1) * _KNEE
            + (t**3 - 2 * t**2 + t) * (1 - _KNEE)
            + (-2 * t**3 + 3 * t**2) * _TARGET
        )
    return min(nits_of_pq(level * _PQ_OF_PEAK) / REFERENCE_WHITE_NITS, 1.0)


def hlg_scene_light(value: float) -> float:
    """The light of the scene, 0 to 1, of an HLG code value: BT.2100's inverse OETF."""
    if value <= 0.5:
        return value * value / 3
    return float((2.718281828459045 ** ((value - _HLG_C) / _HLG_A) + _HLG_B) / 12)


def hlg_display_gain(luminance: float) -> float:
    """What the OOTF multiplies scene light with, to nits, at this luminance of the scene."""
    return float(SOURCE_PEAK_NITS * max(luminance, 0.0) ** (_HLG_GAMMA - 1))


def srgb_encoded(light: float) -> float:
    """The sRGB code value, 0 to 1, of linear light."""
    if light <= 0.0031308:
        return 12.92 * max(light, 0.0)
    return float(1.055 * min(light, 1.0) ** (1 / 2.4) - 0.055)


SRGB: Curve = with_toe(2.4, 1.055, 12.92, 0.04045)

# The curves of BT.709's family (1, 6, 11, 12, 14, 15) are those of cameras, not of displays. They
# count as sRGB's, as in Chromium: phones write them into pictures that are sRGB.
_OF_CAMERAS = (1, 6, 11, 12, 14, 15)
# By TransferCharacteristics of H.273, table 3. HLG is absent: its channels depend on one another.
CURVES: dict[int, Curve] = {
    **dict.fromkeys(_OF_CAMERAS, SRGB),
    4: gamma(2.2),
    5: gamma(2.8),
    7: with_toe(1 / 0.45, 1.1115, 4.0, 0.0913),
    8: gamma(1.0),
    9: _logarithmic(2.0),
    10: _logarithmic(2.5),
    13: SRGB,
    16: lambda value: tone_mapped(nits_of_pq(value)),
    17: lambda value: min(float(value**2.6) * 52.37 / 48, 1.0),
}
