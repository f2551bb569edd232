"""What a file says of its colours: a profile, or code points, or gamma and primaries."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from PIL import Image

from services.upload.decoder.icc_profiles import DEFAULT_CURVE, Point, is_srgb, profile_of
from services.upload.decoder.nclx_boxes import find_nclx
from services.upload.decoder.png_chunks import find_chunk, is_grey
from services.upload.decoder.transfer_curves import CURVES, HLG, Curve, gamma
from services.upload.decoder.wire import PictureFormat

_D65, _WHITE_C = (0.3127, 0.3290), (0.310, 0.316)
_BT709: tuple[Point, Point, Point] = ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060))
_BT601: tuple[Point, Point, Point] = ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070))
# By ColourPrimaries of H.273, table 2.
PRIMARIES: dict[int, tuple[tuple[Point, Point, Point], Point]] = {
    1: (_BT709, _D65),
    4: (((0.67, 0.33), (0.21, 0.71), (0.14, 0.08)), _WHITE_C),
    5: (((0.64, 0.33), (0.29, 0.60), (0.15, 0.06)), _D65),
    6: (_BT601, _D65),
    7: (_BT601, _D65),
    8: (((0.681, 0.319), (0.243, 0.692), (0.145, 0.049)), _WHITE_C),
    9: (((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)), _D65),
    10: (((1.0, 0.0), (0.0, 1.0), (0.0, 0.0)), (1 / 3, 1 / 3)),
    11: (((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)), (0.314, 0.351)),
    12: (((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)), _D65),
    22: (((0.630, 0.340), (0.295, 0.605), (0.155, 0.077)), _D65),
}
_UNSPECIFIED = 2
_SRGB_PRIMARIES, _SRGB_TRANSFER = 1, 13


@dataclass(frozen=True, slots=True)
class ColourTags:
    """The ICC profile to convert from; `is_hlg` if a table of HLG comes before it."""

    profile: bytes
    is_hlg: bool = False


def colour_tags(
    image: Image.Image, source: BinaryIO, picture_format: PictureFormat
) -> ColourTags | None:
    """What the file says, in browsers' order of precedence; None if it is sRGB or says nothing.

    PNG: cICP, iCCP, sRGB, then gAMA and cHRM. AVIF and HEIC: the ICC profile, then nclx.
    """
    if picture_format is PictureFormat.PNG:
        return _of_png(image, source)
    profile = image.info.get("icc_profile")
    if profile:
        return _unless_srgb(profile)
    if picture_format is PictureFormat.AVIF:
        return _of_code_points(*(find_nclx(source) or ()))
    if picture_format is PictureFormat.HEIF:
        said = image.info.get("nclx_profile") or {}
        return _of_code_points(
            said.get("color_primaries", _UNSPECIFIED),
            said.get("transfer_characteristics", _UNSPECIFIED),
        )
    return None


def _of_png(image: Image.Image, source: BinaryIO) -> ColourTags | None:
    code_points = find_chunk(source, b"cICP")
    if code_points is not None and _is_understood(code_points):
        return _of_code_points(code_points[0], code_points[1], is_narrow=code_points[3] == 0)
    info = image.info
    profile = info.get("icc_profile")
    # libpng, and so every browser, ignores a profile of RGB in a grey picture.
    if profile and not (profile[16:20] == b"RGB " and is_grey(source)):
        return _unless_srgb(profile)
    if "srgb" in info:
        return None
    exponent = info.get("gamma") or None
    chromaticities: Sequence[float] | None = info.get("chromaticity")
    if exponent is None and chromaticities is None:
        return None
    white, primaries = _D65, _BT709
    if chromaticities is not None and len(chromaticities) == 8:
        white = (chromaticities[0], chromaticities[1])
        red, green, blue = ((chromaticities[at], chromaticities[at + 1]) for at in range(2, 8, 2))
        primaries = (red, green, blue)
    curve = DEFAULT_CURVE if exponent is None else gamma(1 / exponent)
    return _of_primaries(primaries, white, curve)


def _is_understood(code_points: bytes) -> bool:
    """Whether it is no reserved value, and its matrix that of RGB."""
    primaries, transfer, matrix, _ = code_points.ljust(4, b"\xff")[:4]
    return primaries in PRIMARIES and (transfer in CURVES or transfer == HLG) and matrix == 0


def _of_code_points(
    primaries: int = _UNSPECIFIED, transfer: int = _UNSPECIFIED, *, is_narrow: bool = False
) -> ColourTags | None:
    primaries = _SRGB_PRIMARIES if primaries not in PRIMARIES else primaries
    is_hlg = transfer == HLG
    transfer = _SRGB_TRANSFER if transfer not in CURVES else transfer
    if (primaries, transfer, is_hlg, is_narrow) == (_SRGB_PRIMARIES, _SRGB_TRANSFER, False, False):
        return None
    curve = CURVES[transfer]
    return _of_primaries(*PRIMARIES[primaries], _widened(curve) if is_narrow else curve, is_hlg)


def _of_primaries(
    primaries: Sequence[Point], white: Point, curve: Curve, is_hlg: bool = False
) -> ColourTags | None:
    try:
        profile = profile_of(primaries, white, curve)
    except (ValueError, ArithmeticError):
        return None
    return ColourTags(profile, is_hlg) if is_hlg else _unless_srgb(profile)


def _unless_srgb(profile: bytes) -> ColourTags | None:
    return None if is_srgb(profile) else ColourTags(profile)


def _widened(curve: Curve) -> Curve:
    """The curve of code values from 16 to 235."""
    return lambda value: curve(min(max((value * 255 - 16) / 219, 0.0), 1.0))
