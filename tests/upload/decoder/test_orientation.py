"""Pictures are turned as browsers turn them: by EXIF, once, and by nothing else."""

import struct
import subprocess
import zlib
from collections.abc import Callable
from functools import cache

import pytest
from PIL import Image

from infra.run_folder import REPOSITORY
from services.upload.clients.decoder import Decoder
from services.upload.clients.memory_files import MemoryFile
from services.upload.decoder.wire import PictureFormat
from services.upload.domain.decoding_budget import CpuBudget
from services.upload.domain.rendition_sizes import Size
from services.upload.domain.renditions import DecodedPixels, draw_photo
from tests.upload.colour.table import encoded_elsewhere
from tests.upload.pictures import (
    BLUE,
    GREEN,
    RED,
    WHITE,
    exif_of,
    four_corners,
    jpeg,
    opened,
    png,
    stored_as,
)

Orientation = Callable[[bytes, PictureFormat], int]

_XMP = b'<x:xmpmeta><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
_SIGNATURE_AND_HEADER_BYTES = 33
_END_BYTES = 12
_TURNED = [(kind, turn) for kind in ("WEBP", "AVIF", "HEIF") for turn in range(1, 9)]


@pytest.fixture
def orientation(decoder: Decoder) -> Orientation:
    def orientation(content: bytes, kind: PictureFormat) -> int:
        with MemoryFile("source") as source:
            source.append(content)
            source.seal_content()
            return decoder.decode(source, kind, 1080, CpuBudget(5)).orientation

    return orientation


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _tags() -> bytes:
    return exif_of(6).tobytes().removeprefix(b"Exif\0\0")


def _segment(marker: int, data: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(data) + 2) + data


def test_a_jpeg_is_turned_by_its_exif(orientation: Orientation) -> None:
    assert orientation(jpeg(four_corners(40, 30), exif=exif_of(6)), PictureFormat.JPEG) == 6


def test_a_jpeg_is_not_turned_by_its_xmp(orientation: Orientation) -> None:
    plain = jpeg(four_corners(40, 30))
    said = _segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + _XMP)
    assert orientation(plain[:2] + said + plain[2:], PictureFormat.JPEG) == 1


@pytest.mark.parametrize("before_pixels", [True, False])
def test_a_png_is_turned_by_its_exif_chunk(orientation: Orientation, before_pixels: bool) -> None:
    plain = png(four_corners(40, 30))
    at = _SIGNATURE_AND_HEADER_BYTES if before_pixels else len(plain) - _END_BYTES
    turned = plain[:at] + _chunk(b"eXIf", _tags()) + plain[at:]
    assert orientation(turned, PictureFormat.PNG) == 6


@pytest.mark.parametrize(
    ("name", "data"),
    [
        (b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + _XMP),
        (b"tEXt", b"Raw profile type exif\0\nexif\n 10\n" + _tags().hex().encode()),
    ],
    ids=["XMP", "text"],
)
def test_a_png_is_not_turned_by_its_texts(
    orientation: Orientation, name: bytes, data: bytes
) -> None:
    plain = png(four_corners(40, 30))
    at = _SIGNATURE_AND_HEADER_BYTES
    assert orientation(plain[:at] + _chunk(name, data) + plain[at:], PictureFormat.PNG) == 1


def test_a_webp_is_turned_by_its_exif(orientation: Orientation, decoder_python: str) -> None:
    words = ["-m", "tests.upload.decoder.other_formats", "WEBP", "40", "30", "RGB", "6"]
    content = subprocess.check_output([decoder_python, *words], cwd=REPOSITORY)
    assert orientation(content, PictureFormat.WEBP) == 6


def _avif(decoder_python: str) -> bytes:
    words = ["-m", "tests.upload.decoder.other_formats", "AVIF", "40", "30", "RGB", "6"]
    return subprocess.check_output([decoder_python, *words], cwd=REPOSITORY)


@cache
def _turned(decoder_python: str) -> dict[tuple[str, int], bytes]:
    orders = []
    for kind, turn in _TURNED:
        stored = stored_as(four_corners(64, 48), turn)
        pixels = stored.tobytes().hex()
        order = {"format": kind, "mode": "RGB", "size": stored.size, "pixels": pixels}
        orders.append({**order, "orientation": turn})
    return dict(zip(_TURNED, encoded_elsewhere(decoder_python, orders), strict=True))


@pytest.mark.parametrize(("kind", "turn"), _TURNED)
def test_each_orientation_of_each_format_shows_the_picture_upright(
    decoder: Decoder, decoder_python: str, kind: str, turn: int
) -> None:
    with MemoryFile("source") as source:
        source.append(_turned(decoder_python)[kind, turn])
        source.seal_content()
        decoded = decoder.decode(source, PictureFormat[kind], 1080, CpuBudget(5))
    assert (decoded.upright_width, decoded.upright_height) == (64, 48)
    drawn = draw_photo(
        DecodedPixels(
            decoded.width, decoded.height, decoded.orientation, Size(64, 48), decoded.pixels
        )
    )
    shown = opened(drawn.renditions[0].content)
    for place, colour in (((9, 9), RED), ((55, 9), GREEN), ((9, 39), BLUE), ((55, 39), WHITE)):
        found = shown.getpixel(place)
        assert isinstance(found, tuple)
        assert max(abs(a - b) for a, b in zip(found, colour, strict=True)) < 30, place


def test_an_avif_is_turned_by_its_boxes_once(orientation: Orientation, decoder_python: str) -> None:
    content = _avif(decoder_python)
    assert b"irot" in content
    assert orientation(content, PictureFormat.AVIF) == 6


def test_an_avif_is_not_turned_by_exif_alone(orientation: Orientation, decoder_python: str) -> None:
    # Pillow would write the box, so the tag gets its number afterwards.
    program = (
        "import io, sys; from PIL import Image; exif = Image.Exif(); exif[0x0113] = 6;"
        "content = io.BytesIO(); picture = Image.new('RGB', (40, 30));"
        "picture.save(content, 'AVIF', exif=exif); sys.stdout.buffer.write(content.getvalue())"
    )
    written = subprocess.check_output([decoder_python, "-c", program])
    at = next(
        written.index(tag)
        for tag in (b"\x01\x13\0\3", b"\x13\x01\3\0", b"\x01\x13\0\4")
        if tag in written
    )
    tag = written[at : at + 2]
    content = written[:at] + tag.replace(b"\x13", b"\x12") + written[at + 2 :]
    assert b"irot" not in content
    assert orientation(content, PictureFormat.AVIF) == 1


@pytest.mark.parametrize("value", [0, 9, 77, 65_535])
def test_an_orientation_that_does_not_exist_turns_nothing(
    orientation: Orientation, value: int
) -> None:
    exif = Image.Exif()
    exif[0x0112] = value
    assert orientation(jpeg(four_corners(40, 30), exif=exif), PictureFormat.JPEG) == 1
