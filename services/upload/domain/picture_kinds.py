"""Determines a file's kind from its first bytes, not from the declared type."""

import enum

from shared.errors import Invalid, UnsupportedMediaType

# Enough for the brands of an ISO base media file.
SNIFFED_BYTES = 64

_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
_AVIF_BRANDS = {b"avif", b"avis"}
_PREFIXES_OF_OTHERS = (
    b"GIF8",
    b"BM",
    b"II*\x00",
    b"MM\x00*",
    b"<svg",
    b"%PDF",
    b"\x00\x00\x01\x00",
    b"8BPS",
    b"\xff\x0a",
    b"\x00\x00\x00\x0cJXL ",
    b"\x00\x00\x00\x0cjP  ",
)


class PictureKind(enum.Enum):
    """The accepted kinds; the name is also the decoder's."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    WEBP = "image/webp"
    HEIF = "image/heic"
    AVIF = "image/avif"

    @property
    def is_slow(self) -> bool:
        """Whether a video codec decodes it, several times slower than JPEG."""
        return self in {PictureKind.HEIF, PictureKind.AVIF}


class NotAnImage(Invalid):
    """The bytes are no picture, whatever their declared type."""

    code = "not_an_image"
    title = "This is not a picture."


class KindNotTaken(UnsupportedMediaType):
    """A picture, or something similar, of a kind that is not accepted."""

    title = "Pictures must be JPEG, PNG, WebP, HEIC or AVIF."


def kind_of(first_bytes: bytes) -> PictureKind:
    """The kind of a file with these first bytes; raises NotAnImage or KindNotTaken.

    A cheap check: only decoding shows whether the rest is a picture.
    """
    if first_bytes.startswith(b"\xff\xd8\xff"):
        return PictureKind.JPEG
    if first_bytes.startswith(b"\x89PNG\r\n\x1a\n"):
        return PictureKind.PNG
    if first_bytes[:4] == b"RIFF" and first_bytes[8:12] == b"WEBP":
        return PictureKind.WEBP
    if first_bytes[4:8] == b"ftyp":
        return _kind_of_media_file(first_bytes)
    if first_bytes.startswith(_PREFIXES_OF_OTHERS):
        raise KindNotTaken
    raise NotAnImage


def _kind_of_media_file(first_bytes: bytes) -> PictureKind:
    # ISO 14496-12: size, "ftyp", major brand, minor version, then compatible brands.
    box_end = min(int.from_bytes(first_bytes[:4], "big"), len(first_bytes))
    compatible = {first_bytes[at : at + 4] for at in range(16, box_end - 3, 4)}
    brands = {first_bytes[8:12], *compatible}
    # An AVIF file also names mif1, so the narrower brand decides.
    if brands & _AVIF_BRANDS:
        return PictureKind.AVIF
    if brands & _HEIF_BRANDS:
        return PictureKind.HEIF
    raise KindNotTaken
