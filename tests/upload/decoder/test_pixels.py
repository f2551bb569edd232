"""The contained decoder turns pictures of every kind into plain pixels, or refuses them."""

import io
import struct
import subprocess
import zlib
from collections.abc import Callable
from functools import cache, partial
from itertools import pairwise

import pytest
from PIL import Image

from infra.run_folder import REPOSITORY
from services.upload.clients.decoder import DecodedPicture, Decoder
from services.upload.clients.memory_files import MemoryFile
from services.upload.decoder import limits
from services.upload.decoder.wire import PictureFormat
from services.upload.domain.decoding_budget import CpuBudget
from services.upload.domain.picture_faults import PictureFault, PictureRefused
from tests.upload import pictures
from tests.upload.colour import icc_files
from tests.upload.colour.png_files import chrm, gama, trns
from tests.upload.colour.reference import D65, P3_XY
from tests.upload.pictures import BLUE, GREEN, RED, WHITE, four_corners, hollow_png, jpeg, png

SIDE = 1080
Decode = Callable[..., DecodedPicture]


@pytest.fixture
def decode(decoder: Decoder) -> Decode:
    def decode(
        content: bytes, picture_format: PictureFormat = PictureFormat.JPEG
    ) -> DecodedPicture:
        with MemoryFile("source") as source:
            source.append(content)
            source.seal_content()
            return decoder.decode(source, picture_format, SIDE, CpuBudget(5))

    return decode


@cache
def _written(
    decoder_python: str, name: str, width: int, height: int, mode: str = "RGB", turn: int = 1
) -> bytes:
    """A picture written in the decoder's own environment."""
    words = [name, str(width), str(height), mode, str(turn)]
    return subprocess.run(
        [decoder_python, "-m", "tests.upload.decoder.other_formats", *words],
        cwd=REPOSITORY,
        check=True,
        capture_output=True,
    ).stdout


def _pixel(decoded: DecodedPicture, x: float, y: float) -> tuple[int, int, int]:
    at = 4 * (int(y * decoded.height) * decoded.width + int(x * decoded.width))
    red, green, blue = decoded.pixels[at : at + 3]
    return red, green, blue


def _assert_near(
    found: tuple[int, int, int], wanted: tuple[int, int, int], off_max: int = 12
) -> None:
    assert max(abs(a - b) for a, b in zip(found, wanted, strict=True)) <= off_max, (found, wanted)


def test_a_large_jpeg_is_decoded_at_reduced_scale(decode: Decode) -> None:
    decoded = decode(jpeg(four_corners(4000, 3000)))
    assert (decoded.upright_width, decoded.upright_height) == (4000, 3000)
    assert (decoded.width, decoded.height) == (2000, 1500)


def test_both_sides_stay_long_enough_for_the_largest_rendition(decode: Decode) -> None:
    decoded = decode(jpeg(four_corners(8000, 2100)))
    assert (decoded.width, decoded.height) == (8000, 2100)


def test_orientation_is_reported_but_not_applied(decode: Decode) -> None:
    decoded = decode(jpeg(four_corners(2200, 3000), exif=pictures.exif_of(6)))
    assert decoded.orientation == 6
    assert (decoded.width, decoded.height) == (1100, 1500)
    assert (decoded.upright_width, decoded.upright_height) == (3000, 2200)


def test_an_invalid_orientation_tag_counts_as_upright(decode: Decode) -> None:
    exif = Image.Exif()
    exif[pictures.ORIENTATION] = 77
    assert decode(jpeg(four_corners(400, 300), exif=exif)).orientation == 1


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "CMYK"])
def test_colours_come_out_as_they_went_in(decode: Decode, mode: str) -> None:
    picture = four_corners(600, 400)
    picture = picture.quantize(8) if mode == "P" else picture.convert(mode)
    if mode == "CMYK":
        decoded = decode(jpeg(picture, quality=95))
    else:
        decoded = decode(png(picture), PictureFormat.PNG)
    for x, y, colour in ((0.2, 0.2, RED), (0.8, 0.2, GREEN), (0.2, 0.8, BLUE), (0.8, 0.8, WHITE)):
        _assert_near(_pixel(decoded, x, y), colour)


@pytest.mark.parametrize(("mode", "grey"), [("1", 255), ("L", 90), ("LA", 90)])
def test_grey_comes_out_as_grey(decode: Decode, mode: str, grey: int) -> None:
    picture = Image.new("L", (40, 30), grey).convert(mode)
    _assert_near(_pixel(decode(png(picture), PictureFormat.PNG), 0.5, 0.5), (grey,) * 3)


@pytest.mark.parametrize("level", [0, 20_000, 40_000, 65_535])
def test_sixteen_bits_are_scaled_and_not_clipped(decode: Decode, level: int) -> None:
    picture = Image.new("I;16", (40, 30), level)
    decoded = decode(png(picture), PictureFormat.PNG)
    _assert_near(_pixel(decoded, 0.5, 0.5), (level >> 8,) * 3, off_max=1)


def test_transparent_areas_become_white(decode: Decode) -> None:
    picture = four_corners(300, 300).convert("RGBA")
    picture.putalpha(0)
    _assert_near(_pixel(decode(png(picture), PictureFormat.PNG), 0.1, 0.1), (255, 255, 255))


def test_a_transparent_palette_colour_becomes_white(decode: Decode) -> None:
    picture = Image.new("P", (50, 50), 3)
    picture.putpalette([9, 9, 9] * 8)
    decoded = decode(png(picture, transparency=3), PictureFormat.PNG)
    _assert_near(_pixel(decoded, 0.5, 0.5), (255, 255, 255))


def test_a_large_png_is_reduced_without_a_seam(decode: Decode) -> None:
    gradient = Image.linear_gradient("L").resize((2300, 4700)).convert("RGB")
    decoded = decode(png(gradient), PictureFormat.PNG)
    assert (decoded.width, decoded.height) == (1150, 2350)
    column = [decoded.pixels[4 * (y * decoded.width + 500)] for y in range(decoded.height)]
    assert max(abs(a - b) for a, b in pairwise(column)) <= 1


def test_colours_follow_their_profile(decode: Decode) -> None:
    # Its red is sRGB's green, so ignoring the profile shows the wrong colour.
    swapped = pictures.icc_profile(primaries=("g", "r", "b"))
    decoded = decode(jpeg(Image.new("RGB", (64, 64), (255, 0, 0)), icc_profile=swapped))
    _assert_near(_pixel(decoded, 0.5, 0.5), (0, 255, 0))


@pytest.mark.parametrize("profile", [b"nonsense", b"\0" * 500])
def test_an_unreadable_profile_is_ignored(decode: Decode, profile: bytes) -> None:
    decoded = decode(jpeg(Image.new("RGB", (64, 64), (255, 0, 0)), icc_profile=profile))
    _assert_near(_pixel(decoded, 0.5, 0.5), (254, 0, 0))


@pytest.mark.parametrize("name", ["WEBP", "HEIF", "AVIF"])
def test_the_newer_formats_are_decoded(decode: Decode, decoder_python: str, name: str) -> None:
    decoded = decode(_written(decoder_python, name, 2400, 2200), PictureFormat[name])
    assert (decoded.upright_width, decoded.upright_height) == (2400, 2200)
    assert (decoded.width, decoded.height) == (1200, 1100)
    _assert_near(_pixel(decoded, 0.5, 0.1), RED)
    _assert_near(_pixel(decoded, 0.5, 0.9), BLUE)


@pytest.mark.parametrize("name", ["WEBP", "AVIF"])
def test_transparency_in_newer_formats_becomes_white(
    decode: Decode, decoder_python: str, name: str
) -> None:
    decoded = decode(_written(decoder_python, name, 320, 200, "RGBA"), PictureFormat[name])
    _assert_near(_pixel(decoded, 0.5, 0.5), (255, 255, 255))


@pytest.mark.parametrize("name", ["HEIF", "AVIF"])
def test_orientation_in_newer_formats_is_applied_once(
    decode: Decode, decoder_python: str, name: str
) -> None:
    # Some codecs turn it themselves and others report it: 640 by 480 is 480 by 640 upright.
    decoded = decode(_written(decoder_python, name, 640, 480, "RGB", 6), PictureFormat[name])
    assert (decoded.upright_width, decoded.upright_height) == (480, 640)


def test_the_first_of_several_pictures_in_a_file_is_decoded(decode: Decode) -> None:
    content = io.BytesIO()
    second = Image.new("RGB", (400, 300), BLUE)
    four_corners(400, 300).save(content, "MPO", save_all=True, append_images=[second])
    _assert_near(_pixel(decode(content.getvalue()), 0.2, 0.2), RED)


def test_the_first_frame_of_an_animated_webp_is_decoded(
    decode: Decode, decoder_python: str
) -> None:
    decoded = decode(_written(decoder_python, "WEBP", 640, 480, "MOVING"), PictureFormat.WEBP)
    _assert_near(_pixel(decoded, 0.5, 0.1), RED)
    _assert_near(_pixel(decoded, 0.5, 0.9), BLUE)


def test_a_webp_of_nearly_fifty_megapixels_fits_into_the_memory_of_a_child(
    decode: Decode, decoder_python: str
) -> None:
    decoded = decode(_written(decoder_python, "WEBP", 7000, 7000), PictureFormat.WEBP)
    assert (decoded.width, decoded.height) == (1750, 1750)
    _assert_near(_pixel(decoded, 0.5, 0.9), BLUE)


def test_the_first_frame_of_an_animation_is_decoded(decode: Decode) -> None:
    second = Image.new("RGB", (400, 300), BLUE)
    content = png(four_corners(400, 300), save_all=True, append_images=[second])
    _assert_near(_pixel(decode(content, PictureFormat.PNG), 0.8, 0.2), GREEN)


P3_PROFILE = icc_files.rgb_profile("Display P3", P3_XY, icc_files.srgb_formula())
LINEAR = [gama(1.0), chrm(P3_XY, D65)]


def _of_sixteen_bits(size: tuple[int, int]) -> bytes:
    """Linear light and a transparent colour: the costliest PNG of its size."""
    width, height = size
    line = b"\0" + struct.pack(">3H", 40_000, 9, 300) * width
    header = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    body = [
        (b"IHDR", header),
        *LINEAR,
        trns(1, 2, 3),
        (b"IDAT", zlib.compress(line * height, 1)),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in body
    )


@pytest.mark.long
def test_the_largest_png_of_sixteen_bits_fits_into_the_memory_of_a_child(decode: Decode) -> None:
    size = (65_500, 778)
    decoded = decode(_of_sixteen_bits(size), PictureFormat.PNG)
    assert (decoded.upright_width, decoded.upright_height) == size
    assert decoded.memory_kib * 1024 < limits.CHILD_MEMORY_BYTES_MAX


LARGEST: dict[str, tuple[str, str, tuple[int, int], PictureFormat]] = {
    # A short side is not reduced, so all pixels are held at once.
    "progressive, four channels": ("CMYK", "JPEG", (65_500, 778), PictureFormat.JPEG),
    "with alpha, wide": ("RGBA", "PNG", (65_500, 778), PictureFormat.PNG),
    "with alpha, high": ("RGBA", "PNG", (778, 65_500), PictureFormat.PNG),
    "a phone's 51 megapixels": ("RGB", "JPEG", (8_256, 6_177), PictureFormat.JPEG),
    "a panorama": ("RGB", "JPEG", (14_000, 3_600), PictureFormat.JPEG),
    "a long screenshot": ("RGBA", "PNG", (1_080, 47_000), PictureFormat.PNG),
}


@pytest.mark.parametrize("name", LARGEST)
def test_the_largest_pictures_fit_into_the_memory_of_a_child(decode: Decode, name: str) -> None:
    mode, codec, size, kind = LARGEST[name]
    content = io.BytesIO()
    plain = Image.new(mode, size, (200, 40, 40, 255)[: len(mode)])
    how = {"progressive": True, "subsampling": 0} if codec == "JPEG" else {"compress_level": 1}
    plain.save(content, codec, icc_profile=P3_PROFILE if mode != "CMYK" else None, **how)
    decoded = decode(content.getvalue(), kind)
    assert (decoded.upright_width, decoded.upright_height) == size
    assert decoded.memory_kib * 1024 < limits.CHILD_MEMORY_BYTES_MAX


@pytest.mark.parametrize(
    ("size", "sentence"),
    [
        (
            (8_000, 6_376),
            "The picture has 51,008,000 pixels (8,000 by 6,376); at most 51,000,000 fit.",
        ),
        ((5, 70_000), "The picture is 70,000 pixels long on one side; at most 65,500 fit."),
    ],
)
def test_a_limit_is_named_with_the_pictures_own_figure(
    decode: Decode, size: tuple[int, int], sentence: str
) -> None:
    with pytest.raises(PictureRefused) as refused:
        decode(hollow_png(*size), PictureFormat.PNG)
    assert refused.value.sentence == sentence


REFUSED: list[tuple[str, Callable[[], bytes], PictureFormat, PictureFault]] = [
    ("too wide", partial(hollow_png, 65_501, 10), PictureFormat.PNG, PictureFault.TOO_LONG_A_SIDE),
    ("too high", partial(hollow_png, 10, 65_501), PictureFormat.PNG, PictureFault.TOO_LONG_A_SIDE),
    ("too large", partial(hollow_png, 9000, 9000), PictureFormat.PNG, PictureFault.TOO_MANY_PIXELS),
    (
        "far too large",
        partial(hollow_png, 60_000, 60_000),
        PictureFormat.PNG,
        PictureFault.TOO_MANY_PIXELS,
    ),
    ("hollow", partial(hollow_png, 5000, 5000), PictureFormat.PNG, PictureFault.DAMAGED),
    (
        "cut short",
        lambda: jpeg(four_corners(900, 900))[:-2000],
        PictureFormat.JPEG,
        PictureFault.DAMAGED,
    ),
    (
        "another kind than it begins like",
        lambda: b"\xff\xd8\xff" + png(four_corners(9, 9)),
        PictureFormat.JPEG,
        PictureFault.NOT_A_PICTURE,
    ),
    ("next to nothing", lambda: b"\xff\xd8\xff", PictureFormat.JPEG, PictureFault.NOT_A_PICTURE),
]


@pytest.mark.parametrize(
    ("content", "kind", "fault"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED]
)
def test_a_picture_is_refused_that_is(
    decode: Decode, content: Callable[[], bytes], kind: PictureFormat, fault: PictureFault
) -> None:
    with pytest.raises(PictureRefused) as refused:
        decode(content(), kind)
    assert refused.value.fault is fault


def test_after_a_refusal_the_next_picture_is_decoded(decode: Decode) -> None:
    with pytest.raises(PictureRefused):
        decode(hollow_png(9000, 9000), PictureFormat.PNG)
    assert decode(pictures.small_jpeg()).width == 800
