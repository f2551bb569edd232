"""A file's first bytes decide its kind."""

import pytest

from services.upload.domain.picture_kinds import KindNotTaken, NotAnImage, PictureKind, kind_of
from tests.upload.pictures import four_corners, jpeg, png


def media_file(*brands: bytes) -> bytes:
    """The first box of an ISO base media file."""
    major, *compatible = brands
    said = b"ftyp" + major + b"\0\0\0\0" + b"".join(compatible)
    return (len(said) + 4).to_bytes(4, "big") + said


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (jpeg(four_corners(8, 8)), PictureKind.JPEG),
        (png(four_corners(8, 8)), PictureKind.PNG),
        (b"RIFF\x10\0\0\0WEBPVP8 ", PictureKind.WEBP),
        (media_file(b"heic", b"mif1", b"heic"), PictureKind.HEIF),
        (media_file(b"mif1", b"heic"), PictureKind.HEIF),
        (media_file(b"mif1", b"avif", b"miaf"), PictureKind.AVIF),
        (media_file(b"avif"), PictureKind.AVIF),
    ],
)
def test_a_picture_is_known_by_its_first_bytes(content: bytes, kind: PictureKind) -> None:
    assert kind_of(content[:64]) is kind


@pytest.mark.parametrize(
    "content",
    [b"GIF89a", b"BM6\0", b"II*\0", b"MM\0*", b"<svg xmlns", media_file(b"isom", b"mp42")],
)
def test_another_kind_of_picture_is_refused(content: bytes) -> None:
    with pytest.raises(KindNotTaken):
        kind_of(content)


@pytest.mark.parametrize(
    "content", [b"", b"\xff", b"hello", b"RIFF\0\0\0\0WAVE", b"\x89PNG", b"\0\0\0\x14ftyq"]
)
def test_bytes_that_are_no_picture_are_refused(content: bytes) -> None:
    with pytest.raises(NotAnImage):
        kind_of(content)


def test_brands_are_read_no_further_than_their_box() -> None:
    with pytest.raises(KindNotTaken):
        kind_of(media_file(b"isom") + b"avif")
