"""WebP renditions: behind the JPEGs, of the same names and sizes, and only pixels."""

import pytest
from PIL import Image

from services.upload.decoder.limits import SIDE_PIXELS_MAX
from services.upload.domain.renditions import (
    ALL_FORMATS,
    FORMAT_BY_ENDING,
    RenditionFormat,
    can_write_webp,
    draw_photo,
)
from tests.upload.domain.test_renditions import decoded
from tests.upload.pictures import GREEN, four_corners, opened, photograph, stored_as

pytestmark = pytest.mark.skipif(not can_write_webp(), reason="Pillow was built without libwebp")

# A chunk of lossy pixels; EXIF, XMP, ICCP and VP8X would be others.
PIXELS = b"VP8 "


def test_the_jpegs_stay_as_they_are_and_come_first() -> None:
    alone = draw_photo(decoded(photograph(1500, 1200))).renditions
    both = draw_photo(decoded(photograph(1500, 1200)), ALL_FORMATS).renditions
    assert both[: len(alone)] == alone
    added = both[len(alone) :]
    assert [(one.name, one.size) for one in added] == [(one.name, one.size) for one in alone]
    assert {one.format for one in added} == {RenditionFormat.WEBP}


@pytest.mark.parametrize(
    ("size", "names"),
    [
        ((8, 16_383), ["large", "medium", "small", "thumb"]),
        ((8, 16_384), ["thumb"]),
        ((400, SIDE_PIXELS_MAX), ["thumb"]),
        ((700, 30_000), ["small", "thumb"]),
        ((SIDE_PIXELS_MAX, 8), ["large", "medium", "small", "thumb"]),
    ],
)
def test_a_rendition_too_long_for_webp_is_a_jpeg_only(
    size: tuple[int, int], names: list[str]
) -> None:
    drawn = draw_photo(decoded(Image.new("RGB", size, GREEN)), ALL_FORMATS).renditions
    assert [one.name for one in drawn if one.format is RenditionFormat.WEBP] == names
    assert len(drawn) == 4 + len(names)


@pytest.mark.parametrize("orientation", [1, 6])
def test_a_webp_is_upright_and_holds_only_pixels(orientation: int) -> None:
    picture = decoded(stored_as(four_corners(1200, 1600), orientation), orientation)
    for rendition in draw_photo(picture, ALL_FORMATS).renditions[4:]:
        assert rendition.content[12:16] == PIXELS
        assert len(rendition.content) == 8 + int.from_bytes(rendition.content[4:8], "little")
        assert len(rendition.content) - 20 - int.from_bytes(rendition.content[16:20], "little") <= 1
        shown = opened(rendition.content)
        assert shown.size == (rendition.size.width, rendition.size.height)
        found = shown.convert("RGB").getpixel((shown.width * 3 // 4, 20))
        assert isinstance(found, tuple)
        assert max(abs(a - b) for a, b in zip(found, GREEN, strict=True)) < 20


def test_the_same_pixels_give_the_same_webp() -> None:
    first, second = (draw_photo(decoded(photograph(700, 500)), ALL_FORMATS) for _ in range(2))
    assert first == second


def test_a_description_names_its_format() -> None:
    drawn = draw_photo(decoded(Image.new("RGB", (90, 60), GREEN)), ALL_FORMATS)
    for rendition in drawn.renditions:
        said = rendition.described(42)
        ending = said["key"].rpartition(".")[2]
        assert FORMAT_BY_ENDING[ending].value == said["content_type"]
