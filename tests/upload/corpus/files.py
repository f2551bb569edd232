"""Over two hundred valid and invalid files, each with its expected outcome.

They are generated for each run and always the same.
"""

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from PIL import Image

from services.upload.domain.picture_faults import PictureFault
from services.upload.domain.picture_kinds import KindNotTaken, NotAnImage, PictureKind
from tests.upload import pictures
from tests.upload.pictures import exif_of, four_corners, hollow_png, jpeg, png, stored_as

Size = tuple[int, int]
Door = type[NotAnImage] | type[KindNotTaken]

SUBSAMPLINGS = ("4:4:4", "4:2:2", "4:2:0")
SIZES: tuple[Size, ...] = (
    (1, 1), (2, 1), (1, 7), (17, 1), (8, 8), (149, 151), (150, 150), (319, 641), (321, 320),
    (640, 480), (641, 1079), (1079, 1081), (1080, 1080), (1081, 40), (3000, 100), (100, 3000),
)  # fmt: skip
_MARKED = 400  # From this size on the four corners are checked.


@dataclass(frozen=True, slots=True)
class CorpusFile:
    """A file and its outcome: a picture of `size`, refused at the `door`, or a `fault`."""

    name: str
    content: bytes
    size: Size | None = None
    door: Door | None = None
    fault: PictureFault | None = None
    is_grey: bool = False

    @property
    def has_corners(self) -> bool:
        """Whether its picture has red, green, blue and white corners."""
        return self.size is not None and min(self.size) >= _MARKED and not self.is_grey


def written_elsewhere(name: str, content: bytes, size: Size) -> CorpusFile:
    """A picture of a format that only the decoder's environment writes."""
    return CorpusFile(name, content, size, is_grey=True)


def _jpegs() -> Iterator[CorpusFile]:
    upright = four_corners(520, 400)
    for orientation in range(1, 9):
        stored, exif = stored_as(upright, orientation), exif_of(orientation)
        for subsampling in SUBSAMPLINGS:
            for progressive in (False, True):
                content = jpeg(stored, exif=exif, subsampling=subsampling, progressive=progressive)
                kind = "progressive" if progressive else "baseline"
                yield CorpusFile(
                    f"jpeg {kind} {subsampling} turn {orientation}", content, (520, 400)
                )
        content = jpeg(stored.convert("CMYK"), exif=exif)
        yield CorpusFile(f"jpeg cmyk turn {orientation}", content, (520, 400))
        content = jpeg(stored.convert("L"), exif=exif)
        yield CorpusFile(f"jpeg grey turn {orientation}", content, (520, 400), is_grey=True)
    for size in SIZES:
        yield CorpusFile(f"jpeg {size[0]}x{size[1]}", jpeg(four_corners(*size)), size)
    for quality in (1, 30, 75, 100):
        yield CorpusFile(
            f"jpeg quality {quality}",
            jpeg(upright, quality=quality),
            (520, 400),
            is_grey=quality == 1,
        )
    wide = jpeg(upright, icc_profile=pictures.icc_profile(primaries=("r", "g", "b")))
    yield CorpusFile("jpeg with a profile", wide, (520, 400))
    yield CorpusFile("jpeg with restarts", jpeg(upright, restart_marker_rows=1), (520, 400))
    yield CorpusFile(
        "jpeg of 12 megapixels", pictures.twelve_megapixels(), (3000, 4000), is_grey=True
    )


def _pngs() -> Iterator[CorpusFile]:
    upright = four_corners(520, 400)
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"):
        picture = (
            upright.convert("L").convert(mode) if mode.startswith("I") else upright.convert(mode)
        )
        is_grey = mode not in {"P", "RGB", "RGBA"}
        yield CorpusFile(f"png {mode}", png(picture), (520, 400), is_grey=is_grey)
    yield CorpusFile(
        "png of a transparent colour", png(upright, transparency=(1, 2, 3)), (520, 400)
    )
    for size in SIZES:
        yield CorpusFile(f"png {size[0]}x{size[1]}", png(four_corners(*size)), size)
    for orientation in range(2, 9):
        content = png(stored_as(upright, orientation), exif=exif_of(orientation))
        yield CorpusFile(f"png turn {orientation}", content, (520, 400))
    for level in (0, 9):
        content = png(upright, compress_level=level)
        yield CorpusFile(f"png compressed {level}", content, (520, 400))


def _garrulous() -> Iterator[CorpusFile]:
    yield CorpusFile("jpeg that says all", pictures.garrulous_jpeg(), (1400, 1200))
    yield CorpusFile("png that says all", pictures.garrulous_png(), (700, 500))
    sound = jpeg(four_corners(520, 400))
    said = {
        "xmp": (0xE1, b"http://ns.adobe.com/xap/1.0/\0<x>secret</x>"),
        "more xmp": (0xE1, b"http://ns.adobe.com/xmp/extension/\0" + b"secret" * 5000),
        "iptc": (0xED, b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0\0\0\0\x06secret"),
        "comment": (0xFE, b"secret <script>alert(1)</script>"),
        "flashpix": (0xE2, b"FPXR\0secret"),
        "pictures of another": (0xE2, b"MPF\0secret"),
        "broken exif": (0xE1, b"Exif\0\0II*\0\xff\xff\xff\xffsecret"),
        "endless exif": (0xE1, b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + b"\x01\x02" * 900 + b"secret"),
        "nothing known": (0xEF, b"secret" * 10_000),
        "nothing at all": (0xE5, b""),
    }
    for name, (marker, data) in said.items():
        segment = bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data
        yield CorpusFile(f"jpeg with {name}", sound[:2] + segment + sound[2:], (520, 400))
    many = (b"\xff\xfe" + struct.pack(">H", 8) + b"secret") * 20_000
    yield CorpusFile("jpeg with 20,000 comments", sound[:2] + many + sound[2:], (520, 400))


def _several_in_one() -> Iterator[CorpusFile]:
    first, second = four_corners(520, 400), Image.new("RGB", (520, 400), pictures.BLUE)
    content = io.BytesIO()
    first.save(content, "MPO", save_all=True, append_images=[second])
    yield CorpusFile("two jpegs as one file", content.getvalue(), (520, 400))
    moving = png(first, save_all=True, append_images=[second] * 20)
    yield CorpusFile("png that moves", moving, (520, 400))
    yield CorpusFile("jpeg after a jpeg", jpeg(first) + jpeg(second), (520, 400))


def _cut_short() -> Iterator[CorpusFile]:
    whole = jpeg(four_corners(900, 900), exif=exif_of())
    for tenth in range(1, 10):
        cut = whole[: len(whole) * tenth // 10]
        is_header = b"\xff\xda" not in cut
        fault = PictureFault.NOT_A_PICTURE if is_header else PictureFault.DAMAGED
        yield CorpusFile(f"jpeg cut at {tenth}/10", cut, fault=fault)
    whole = png(pictures.photograph(640, 512))
    for tenth in range(1, 10):
        cut = whole[: len(whole) * tenth // 10]
        yield CorpusFile(f"png cut at {tenth}/10", cut, fault=PictureFault.DAMAGED)
    flipped = bytearray(whole)
    flipped[len(flipped) // 2] ^= 0xFF
    yield CorpusFile("png with a wrong bit", bytes(flipped), (640, 512), is_grey=True)


def _bombs() -> Iterator[CorpusFile]:
    for side in (65_501, 100_000, 2**31 - 1):
        yield CorpusFile(f"png {side} long", hollow_png(side, 1), fault=_of_side(side, 1))
    for width, height in ((7_142, 7_142), (12_000, 12_000), (60_000, 60_000)):
        fault = PictureFault.TOO_MANY_PIXELS
        yield CorpusFile(f"png {width}x{height}", hollow_png(width, height), fault=fault)
    yield CorpusFile(
        "png of 49 megapixels of nothing", hollow_png(7000, 7000), fault=PictureFault.DAMAGED
    )
    yield CorpusFile(
        "jpeg that says 65,500x65,500",
        _jpeg_of_size(65_500, 65_500),
        fault=PictureFault.TOO_MANY_PIXELS,
    )
    yield CorpusFile(
        "jpeg that says 65,501x10", _jpeg_of_size(65_501, 10), fault=PictureFault.TOO_LONG_A_SIDE
    )
    full = _png_of(6_900, 7_200, zlib.compress(bytes((6_900 * 3 + 1) * 7_200), 9))
    yield CorpusFile("png of 49.7 megapixels in few bytes", full, (6_900, 7_200), is_grey=True)
    text = b"zTXt", b"Comment\0\0" + zlib.compress(bytes(200_000_000), 9)
    sound = png(four_corners(520, 400))
    chunk = struct.pack(">I", len(text[1])) + text[0] + text[1]
    chunk += struct.pack(">I", zlib.crc32(text[0] + text[1]))
    yield CorpusFile(
        "png with a bomb for a text", sound[:33] + chunk + sound[33:], fault=PictureFault.DAMAGED
    )


def _of_side(width: int, height: int) -> PictureFault:
    many = width * height > 51_000_000
    return PictureFault.TOO_MANY_PIXELS if many else PictureFault.TOO_LONG_A_SIDE


def _jpeg_of_size(width: int, height: int) -> bytes:
    content = bytearray(jpeg(four_corners(64, 64)))
    frame = content.index(b"\xff\xc0")
    content[frame + 5 : frame + 9] = struct.pack(">HH", height, width)
    return bytes(content)


def _png_of(width: int, height: int, compressed: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in ((b"IHDR", header), (b"IDAT", compressed), (b"IEND", b""))
    )


def _polyglots() -> Iterator[CorpusFile]:
    sound = jpeg(four_corners(520, 400))
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("secret.txt", "secret")
    trailers = {
        "zip": archive.getvalue(),
        "page": b"<html><script>secret()</script></html>",
        "program": b"\x7fELF\x02\x01\x01secret",
        "script": b"<?php system('secret'); ?>",
        "megabyte": bytes(1_000_000) + b"secret",
    }
    for name, trailer in trailers.items():
        yield CorpusFile(f"jpeg and {name}", sound + trailer, (520, 400))
        yield CorpusFile(f"png and {name}", png(four_corners(520, 400)) + trailer, (520, 400))
    for name, head in (("zip", archive.getvalue()), ("page", b"<html>secret"), ("space", b" ")):
        yield CorpusFile(f"{name} and jpeg", head + sound, door=NotAnImage)
    yield CorpusFile("gif and jpeg", b"GIF89a" + sound, door=KindNotTaken)
    yield CorpusFile("pdf and jpeg", b"%PDF-1.7 " + sound, door=KindNotTaken)
    inside = b"\xff\xd8\xff" + png(four_corners(64, 64))
    yield CorpusFile("png that begins like a jpeg", inside, fault=PictureFault.NOT_A_PICTURE)
    inside = b"\x89PNG\r\n\x1a\n" + sound
    yield CorpusFile("jpeg that begins like a png", inside, fault=PictureFault.NOT_A_PICTURE)
    inside = b"RIFF\x10\0\0\0WEBP" + sound
    yield CorpusFile("jpeg that begins like a webp", inside, fault=PictureFault.NOT_A_PICTURE)
    for brand in (b"heic", b"avif"):
        inside = b"\0\0\0\x18ftyp" + brand + b"\0\0\0\0" + brand * 2 + sound
        yield CorpusFile(
            f"jpeg that begins like {brand.decode()}", inside, fault=PictureFault.NOT_A_PICTURE
        )


def _other_kinds() -> Iterator[CorpusFile]:
    picture = four_corners(64, 64)
    for name in ("GIF", "BMP", "TIFF", "ICO", "PPM", "TGA", "PCX"):
        content = io.BytesIO()
        picture.save(content, name)
        door: Door = NotAnImage if name in {"PPM", "TGA", "PCX"} else KindNotTaken
        yield CorpusFile(name.lower(), content.getvalue(), door=door)
    heads = {
        "jpeg 2000": b"\0\0\0\x0cjP  " + bytes(60),
        "svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        "photoshop": b"8BPS\0\x01" + bytes(60),
        "jpeg xl": b"\xff\x0a" + bytes(60),
        "film": b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(60),
    }
    for name, content_of in heads.items():
        yield CorpusFile(name, content_of, door=KindNotTaken)


def _noise() -> Iterator[CorpusFile]:
    yield CorpusFile("nothing", b"", door=NotAnImage)
    yield CorpusFile("a byte", b"\xff", door=NotAnImage)
    yield CorpusFile("text", b"This is not a picture. " * 100, door=NotAnImage)
    chance = random.Random(2026)
    for kind, head in _HEADS.items():
        for number in range(5):
            content = head + chance.randbytes(3000)
            yield CorpusFile(
                f"noise {number} as {kind.name}", content, fault=PictureFault.NOT_A_PICTURE
            )


_HEADS = {
    PictureKind.JPEG: b"\xff\xd8\xff",
    PictureKind.PNG: b"\x89PNG\r\n\x1a\n",
    PictureKind.WEBP: b"RIFF\xb0\x0b\0\0WEBP",
    PictureKind.HEIF: b"\0\0\0\x18ftypheic\0\0\0\0heicmif1",
    PictureKind.AVIF: b"\0\0\0\x18ftypavif\0\0\0\0avifmif1",
}


GROUPS: dict[str, Callable[[], Iterator[CorpusFile]]] = {
    "jpegs": _jpegs,
    "pngs": _pngs,
    "garrulous": _garrulous,
    "several in one": _several_in_one,
    "cut short": _cut_short,
    "bombs": _bombs,
    "polyglots": _polyglots,
    "other kinds": _other_kinds,
    "noise": _noise,
}
