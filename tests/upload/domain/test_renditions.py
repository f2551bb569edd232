"""Drawn renditions: upright, of the right size, always the same, and only pixels."""

import io

import pytest
from PIL import Image

from services.upload.domain.rendition_sizes import Size
from services.upload.domain.renditions import DecodedPixels, DrawnPhoto, draw_photo
from tests.upload.pictures import (
    BLUE,
    GREEN,
    RED,
    WHITE,
    four_corners,
    opened,
    photograph,
    segments_of,
    stored_as,
)

# JFIF header, tables, frame, pixels, end: what decoding needs, and no segment with metadata.
PLAIN_SEGMENTS = {0xE0, 0xDB, 0xC0, 0xC4, 0xDA, 0xD9}


def decoded(stored: Image.Image, orientation: int = 1) -> DecodedPixels:
    """Pixels as the contained decoder returns them."""
    upright = stored.size if orientation < 5 else stored.size[::-1]
    rows = stored.convert("RGB").tobytes("raw", "RGBX")
    return DecodedPixels(*stored.size, orientation, Size(*upright), rows)


def sizes(drawn: DrawnPhoto) -> dict[str, tuple[int, int]]:
    return {r.name: (r.size.width, r.size.height) for r in drawn.renditions}


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_rendition_is_upright_for_every_orientation(orientation: int) -> None:
    upright = four_corners(1200, 1600)
    drawn = draw_photo(decoded(stored_as(upright, orientation), orientation))
    assert sizes(drawn) == {
        "large": (1080, 1440),
        "medium": (640, 853),
        "small": (320, 427),
        "thumb": (150, 150),
    }
    for rendition in drawn.renditions:
        picture = opened(rendition.content)
        assert picture.size == (rendition.size.width, rendition.size.height)
        right, bottom = picture.width * 3 // 4, picture.height * 3 // 4
        corners = {(20, 20): RED, (right, 20): GREEN, (20, bottom): BLUE, (right, bottom): WHITE}
        for place, colour in corners.items():
            found = picture.getpixel(place)
            assert isinstance(found, tuple)
            assert max(abs(a - b) for a, b in zip(found, colour, strict=True)) < 20


def test_a_rendition_holds_only_pixels() -> None:
    for rendition in draw_photo(decoded(photograph(1500, 1200))).renditions:
        assert set(segments_of(rendition.content)) == PLAIN_SEGMENTS
        assert not {"exif", "icc_profile", "comment"} & opened_info(rendition.content).keys()


def opened_info(content: bytes) -> dict[str | tuple[int, int], object]:
    return Image.open(io.BytesIO(content)).info


def test_the_same_pixels_give_the_same_bytes_and_keys() -> None:
    first, second = (draw_photo(decoded(photograph(1300, 1100))) for _ in range(2))
    assert first == second
    assert [r.described(7) for r in first.renditions] == [r.described(7) for r in second.renditions]


def test_a_key_names_photo_size_and_content() -> None:
    large = draw_photo(decoded(four_corners(900, 700))).renditions[0].described(42)
    folder, photo_id, file = large["key"].split("/")
    assert (folder, photo_id) == ("renditions", "42")
    assert file.startswith("large-")
    assert file.endswith(".jpg")
    assert len(file) == len("large-.jpg") + 16


def test_a_small_picture_is_not_enlarged() -> None:
    drawn = draw_photo(decoded(four_corners(200, 100)))
    assert sizes(drawn) == {
        "large": (200, 100),
        "medium": (200, 100),
        "small": (200, 100),
        "thumb": (100, 100),
    }
    assert len({r.content for r in drawn.renditions}) == 2


def test_a_picture_of_one_pixel_is_drawn() -> None:
    assert set(sizes(draw_photo(decoded(four_corners(1, 1)))).values()) == {(1, 1)}


def test_the_thumb_of_a_panorama_is_cut_from_the_picture_itself() -> None:
    drawn = draw_photo(decoded(stored_as(four_corners(6000, 600), 8), 8))
    assert sizes(drawn)["large"] == (1080, 108)
    assert sizes(drawn)["thumb"] == (150, 150)
    thumb = opened(drawn.renditions[-1].content)
    found = [thumb.getpixel(place) for place in ((20, 20), (130, 20), (20, 130))]
    assert [max(range(3), key=lambda band, f=f: f[band]) for f in found] == [0, 1, 2]  # type: ignore[misc]


def test_the_placeholder_is_short_and_differs_by_colour() -> None:
    hashes = {
        draw_photo(decoded(Image.new("RGB", (640, 480), colour))).thumbhash
        for colour in (RED, GREEN, BLUE)
    }
    assert len(hashes) == 3
    assert all(len(placeholder) < 40 for placeholder in hashes)
