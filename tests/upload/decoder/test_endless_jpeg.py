"""A JPEG that only lacks its end marker is shown; one that lacks pixels is refused."""

import io
from collections.abc import Callable
from functools import cache

import pytest
from PIL import Image

from services.upload.clients.decoder import Decoder
from services.upload.clients.memory_files import MemoryFile
from services.upload.decoder.wire import PictureFormat
from services.upload.domain.decoding_budget import CpuBudget
from services.upload.domain.picture_faults import PictureFault, PictureRefused
from tests.upload.pictures import jpeg, photograph

Pixels = Callable[[bytes], bytes]
_SIDE = 100

KINDS: dict[str, tuple[str, dict[str, object]]] = {
    "baseline": ("RGB", {}),
    "with restarts": ("RGB", {"restart_marker_rows": 1}),
    "progressive": ("RGB", {"progressive": True}),
    "grey": ("L", {}),
    "CMYK": ("CMYK", {}),
}


@cache
def _whole(kind: str) -> bytes:
    mode, options = KINDS[kind]
    return jpeg(photograph(448, 320).convert(mode), **options)


@pytest.fixture
def pixels(decoder: Decoder) -> Pixels:
    def pixels(content: bytes) -> bytes:
        with MemoryFile("source") as source:
            source.append(content)
            source.seal_content()
            return bytes(decoder.decode(source, PictureFormat.JPEG, _SIDE, CpuBudget(5)).pixels)

    return pixels


@pytest.mark.parametrize("missing", [1, 2])
@pytest.mark.parametrize("kind", KINDS)
def test_a_jpeg_without_its_end_marker_shows_all_its_pixels(
    pixels: Pixels, kind: str, missing: int
) -> None:
    assert pixels(_whole(kind)[:-missing]) == pixels(_whole(kind))


@pytest.mark.parametrize("kind", KINDS)
def test_a_jpeg_that_lacks_more_is_refused_unless_no_pixel_is_missing(
    pixels: Pixels, kind: str
) -> None:
    whole = _whole(kind)
    refused = 0
    for missing in (3, 4, 5, 8, 16, 40, 200, 2_000):
        try:
            found = pixels(whole[:-missing])
        except PictureRefused:
            refused += 1
        else:
            assert found == pixels(whole), missing
    # Of the last bytes, only those of the finest detail may be missing unseen.
    assert refused >= 5


def test_a_progressive_jpeg_without_its_last_scan_is_refused(pixels: Pixels) -> None:
    whole = _whole("progressive")
    with pytest.raises(PictureRefused) as refused:
        pixels(whole[: whole.rindex(b"\xff\xda")])
    assert refused.value.fault is PictureFault.DAMAGED


def test_what_follows_a_missing_end_is_no_part_of_the_picture(pixels: Pixels) -> None:
    # Two pictures in one file: the first has its end, and the second lacks nearly everything.
    second = io.BytesIO()
    Image.new("RGB", (64, 64)).save(second, "JPEG")
    assert pixels(_whole("baseline") + second.getvalue()[:300]) == pixels(_whole("baseline"))
