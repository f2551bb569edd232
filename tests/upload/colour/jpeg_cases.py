"""JPEGs: RGB, grey, CMYK and YCCK, with and without profiles, and one without its end."""

import io
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from PIL import Image

from tests.upload.colour import icc_files, reference
from tests.upload.colour.png_cases import (
    ADOBE,
    ADOBE_PROFILE,
    LIAR_PROFILE,
    P3,
    P3_PROFILE,
    SRGB_TABLE,
    PictureCase,
    grey_of,
)
from tests.upload.colour.reference import Colour
from tests.upload.colour.scene import (
    HEIGHT,
    WIDTH,
    Samples,
    Srgb,
    as_is,
    colour_samples,
    eight_bits,
    grey_samples,
    shown,
)

Ink = tuple[int, int, int, int]


def jpeg_cases() -> Iterator[PictureCase]:
    """Name, file and what it should show."""
    yield _rgb("RGB without tags", as_is)
    yield _rgb("RGB Display P3 profile", P3, icc_profile=P3_PROFILE)
    yield _rgb("RGB Display P3 profile, progressive", P3, icc_profile=P3_PROFILE, progressive=True)
    yield _rgb("RGB Adobe RGB profile", ADOBE, icc_profile=ADOBE_PROFILE)
    yield _rgb("RGB P3 profile called sRGB", P3, icc_profile=LIAR_PROFILE)
    yield _rgb("RGB sRGB profile", as_is, icc_profile=SRGB_TABLE)
    yield _rgb("RGB grey profile", as_is, icc_profile=icc_files.grey_profile(1.0))
    for progressive in (False, True):
        _, content, expected = _rgb("", P3, icc_profile=P3_PROFILE, progressive=progressive)
        said = "progressive" if progressive else "baseline"
        yield f"RGB without its end, {said}", partial(_without_end, content), expected
    yield _grey("grey without tags", as_is)
    yield _grey("grey profile", grey_of(1.75), icc_profile=icc_files.grey_profile(1.75))
    yield _grey("grey with a profile of RGB", ADOBE, icc_profile=ADOBE_PROFILE)
    inks = _inks()
    printed = partial(_shown_inks, inks, _printed)
    plain = partial(_shown_inks, inks, _plainly_mixed)
    profile = icc_files.cmyk_profile()
    yield "CMYK without tags", partial(_cmyk_file, inks), plain
    yield "CMYK profile", partial(_cmyk_file, inks, icc_profile=profile), printed
    yield "YCCK without tags", partial(_ycck_file, inks), plain
    yield "YCCK profile", partial(_ycck_file, inks, icc_profile=profile), printed


def _rgb(name: str, srgb: Srgb, **options: Any) -> PictureCase:
    samples = colour_samples(8)
    return name, partial(_file, "RGB", samples, **options), lambda: shown(samples, 8, srgb)


def _grey(name: str, srgb: Srgb, **options: Any) -> PictureCase:
    samples = grey_samples(8)
    return name, partial(_file, "L", samples, **options), lambda: shown(samples, 8, srgb)


def _without_end(content: Any) -> bytes:
    whole: bytes = content()
    assert whole.endswith(b"\xff\xd9")
    return whole[:-2]


def _file(mode: str, samples: Samples | Sequence[Sequence[Ink]], **options: Any) -> bytes:
    pixels = bytes(value for row in samples for sample in row for value in sample)
    picture = Image.frombytes(mode, (WIDTH, HEIGHT), pixels)
    content = io.BytesIO()
    how = {"subsampling": 0} if mode == "RGB" else {}
    picture.save(content, "JPEG", quality=100, **how, **options)
    return content.getvalue()


def _inks() -> list[list[Ink]]:
    """Ink from 0 to 255: the complement of the colours, with some black."""
    return [
        [
            (255 - red, 255 - green, 255 - blue, (5 * x + 3 * y) % 160)
            for x, (red, green, blue) in enumerate(row)
        ]
        for y, row in enumerate(colour_samples(8))
    ]


def _cmyk_file(inks: list[list[Ink]], **options: Any) -> bytes:
    # Pillow writes Adobe's marker and inverted values, as Adobe does.
    return _file("CMYK", inks, **options)


def _ycck_file(inks: list[list[Ink]], **options: Any) -> bytes:
    """Inks coded as YCbCr and black; Adobe's marker says so in its last byte."""
    coded: list[list[Ink]] = []
    for row in inks:
        rgb = Image.frombytes("RGB", (len(row), 1), bytes(v for ink in row for v in ink[:3]))
        ycc = rgb.convert("YCbCr").tobytes()
        coded.append(
            [
                (255 - ycc[3 * x], 255 - ycc[3 * x + 1], 255 - ycc[3 * x + 2], row[x][3])
                for x in range(len(row))
            ]
        )
    content = bytearray(_file("CMYK", coded, **options))
    at = content.index(b"Adobe")
    content[at + 11] = 2
    return bytes(content)


def _shown_inks(inks: list[list[Ink]], srgb: Any) -> bytes:
    return b"".join(eight_bits(srgb(*(v / 255 for v in ink))) for row in inks for ink in row)


def _plainly_mixed(c: float, m: float, y: float, k: float) -> Colour:
    return (1 - c) * (1 - k), (1 - m) * (1 - k), (1 - y) * (1 - k)


def _printed(c: float, m: float, y: float, k: float) -> Colour:
    lightness, a, b = icc_files.lab_of_ink(c, m, y, k)
    return reference.lab_to_srgb(max(lightness, 0.0), a, b)
