"""Pictures that the tests draw themselves, valid and invalid."""

import io
import struct
import zlib
from functools import cache
from typing import Any

from PIL import Image, PngImagePlugin

RED, GREEN, BLUE, WHITE = (220, 30, 30), (30, 200, 30), (30, 30, 220), (250, 250, 250)
ORIENTATION = 0x0112
GPS = 0x8825

# How an upright picture is stored for each EXIF orientation: the inverse of the turn.
_STORED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def four_corners(width: int, height: int) -> Image.Image:
    """Red and green above, blue and white below, so any turn or mirroring shows."""
    picture = Image.new("RGB", (width, height), WHITE)
    half = (width // 2, height // 2)
    picture.paste(RED, (0, 0, *half))
    picture.paste(GREEN, (half[0], 0, width, half[1]))
    picture.paste(BLUE, (0, half[1], half[0], height))
    return picture


@cache
def photograph(width: int, height: int) -> Image.Image:
    """A picture with the gradients and grain of a photograph."""
    shade = Image.linear_gradient("L").resize((width, height))
    shapes = Image.effect_noise((width // 64, height // 64), 90).resize(
        (width, height), Image.Resampling.BICUBIC
    )
    grain = Image.effect_noise((width, height), 18)
    bands = [
        Image.blend(Image.blend(shade, shapes, 0.4), grain, 0.2),
        Image.blend(shapes, grain, 0.2),
        Image.blend(Image.blend(shade.rotate(180), shapes, 0.5), grain, 0.2),
    ]
    return Image.merge("RGB", bands)


def stored_as(upright: Image.Image, orientation: int) -> Image.Image:
    """The pixels as a camera stores them under this orientation."""
    turn = _STORED.get(orientation)
    return upright if turn is None else upright.transpose(turn)


def exif_of(orientation: int = 1) -> Image.Exif:
    """Tags as a phone writes them, with the location."""
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    exif[0x010F] = "Acme Telephones"
    exif[0x0132] = "2026:05:04 09:30:00"
    gps = exif.get_ifd(GPS)
    gps[1], gps[2] = "N", (52.0, 31.0, 12.0)
    gps[3], gps[4] = "E", (13.0, 24.0, 36.0)
    return exif


def jpeg(picture: Image.Image, **options: Any) -> bytes:
    """The picture as a JPEG, with Pillow's options."""
    return _saved(picture, "JPEG", **{"quality": 92, **options})


def png(picture: Image.Image, **options: Any) -> bytes:
    """The picture as a PNG, with Pillow's options."""
    return _saved(picture, "PNG", **{"compress_level": 1, **options})


@cache
def twelve_megapixels() -> bytes:
    """A phone's picture: 12 megapixels, held upright, with the location in its tags."""
    stored = stored_as(photograph(3000, 4000), 6)
    return jpeg(stored, exif=exif_of(6), comment=b"secret comment")


@cache
def small_jpeg() -> bytes:
    """A picture that is fast to develop."""
    return jpeg(four_corners(800, 600))


def garrulous_jpeg() -> bytes:
    """A JPEG with nearly all metadata that one can hold."""
    xmp = b"http://ns.adobe.com/xap/1.0/\x00<x:xmpmeta>secret xmp</x:xmpmeta>"
    iptc = b"Photoshop 3.0\x008BIM\x04\x04\x00\x00\x00\x00\x00\x0csecret iptc!"
    sound = jpeg(
        four_corners(1400, 1200),
        exif=exif_of(),
        comment=b"secret comment",
        icc_profile=icc_profile("secret profile"),
    )
    segments = b"".join(
        bytes([0xFF, marker]) + struct.pack(">H", len(said) + 2) + said
        for marker, said in ((0xE1, xmp), (0xED, iptc), (0xEC, b"secret app12"))
    )
    return sound[:2] + segments + sound[2:] + b"PK\x03\x04secret zip after the picture"


def garrulous_png() -> bytes:
    """A PNG with text, time, profile, EXIF and bytes after its end."""
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Comment", "secret text")
    texts.add_itxt("XML:com.adobe.xmp", "<x>secret xmp</x>")
    profile = icc_profile("secret profile")
    sound = png(four_corners(700, 500), pnginfo=texts, exif=exif_of(), icc_profile=profile)
    return sound + b"secret trailer"


def hollow_png(width: int, height: int) -> bytes:
    """A PNG that declares many pixels and holds almost none."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"\x00" * 1000)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )


def icc_profile(
    name: str = "made by a test", primaries: tuple[str, str, str] = ("r", "g", "b")
) -> bytes:
    """An ICC profile with sRGB's primaries, reordered on request, and a gamma of 2.2."""
    xyz = {
        "r": (0.4361, 0.2225, 0.0139),
        "g": (0.3851, 0.7169, 0.0971),
        "b": (0.1431, 0.0606, 0.7141),
    }
    tags = {
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", len(name) + 1) + name.encode() + b"\0" * 79,
        b"cprt": b"text\0\0\0\0none\0",
        b"wtpt": _xyz(0.9642, 1.0, 0.8249),
    }
    for band, primary in zip("rgb", primaries, strict=True):
        tags[f"{band}XYZ".encode()] = _xyz(*xyz[primary])
        tags[f"{band}TRC".encode()] = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(2.2 * 256))
    return _profile_file(tags)


def _profile_file(tags: dict[bytes, bytes]) -> bytes:
    table, data = struct.pack(">I", len(tags)), b""
    first = 128 + 4 + 12 * len(tags)
    for name, said in tags.items():
        table += name + struct.pack(">II", first + len(data), len(said))
        data += said + b"\0" * (-len(said) % 4)
    size = first + len(data)
    header = struct.pack(">I4sI4s4s4s", size, b"none", 0x02100000, b"mntr", b"RGB ", b"XYZ ")
    header += b"\0" * 12 + b"acsp" + b"\0" * 28 + _xyz(0.9642, 1.0, 0.8249)[8:]
    return header.ljust(128, b"\0") + table + data


def _xyz(*numbers: float) -> bytes:
    return b"XYZ \0\0\0\0" + b"".join(struct.pack(">i", round(n * 65536)) for n in numbers)


def _saved(picture: Image.Image, picture_format: str, **options: Any) -> bytes:
    content = io.BytesIO()
    picture.save(content, picture_format, **options)
    return content.getvalue()


def opened(content: bytes) -> Image.Image:
    """A picture's pixels for a test to check."""
    return Image.open(io.BytesIO(content)).convert("RGB")


def segments_of(content: bytes) -> list[int]:
    """The markers of a JPEG up to its pixels, in order; 0xD9 must be the last byte."""
    at, markers = 2, []
    assert content[:2] == b"\xff\xd8"
    while content[at + 1] != 0xDA:
        assert content[at] == 0xFF
        markers.append(content[at + 1])
        at += 2 + int.from_bytes(content[at + 2 : at + 4], "big")
    end = content.index(b"\xff\xd9", at)
    assert end == len(content) - 2
    return [*markers, 0xDA, 0xD9]
