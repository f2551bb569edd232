"""Decodes one picture at reduced scale into RGBX pixels; runs only inside a child's walls."""

import io
import struct
import warnings
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO, cast

import pillow_heif
from PIL import (
    AvifImagePlugin,
    Image,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
    _imaging,
)

from services.upload.decoder import limits
from services.upload.decoder.colour_tags import colour_tags
from services.upload.decoder.colours import Conversion, conversion_from, to_srgb
from services.upload.decoder.endless_jpeg import END, TAILS, lacks_only_its_end
from services.upload.decoder.png_chunks import is_grey
from services.upload.decoder.png_pixels import PngExtras, load_png
from services.upload.decoder.still_webp import decode_still
from services.upload.decoder.wire import Outcome, PictureFormat, Reply

_ORIENTATION_TAG = 0x0112
_SIDEWAYS = {5, 6, 7, 8}
# The most rows of a piece, which bounds the copies that colours and reduction make.
_PIECE_ROWS_MAX = 256
_REDUCTION_MAX = 8
# Modes that may be reduced before their colours are converted.
_AVERAGED_FIRST = {"RGB", "RGBX", "L"}
_NO_EXTRAS = PngExtras()
# Sixteen bits that are converted exist in more copies than `limits` counts for a piece.
_MORE_COPIES = 4
# After eight rounds the interpreter has specialised its code.
_REHEARSALS = 10
# Errors that Pillow's EXIF reader raises on malformed input.
_BAD_EXIF = (SyntaxError, ValueError, TypeError, KeyError, IndexError, OSError, struct.error)

PLUGINS = (AvifImagePlugin, JpegImagePlugin, MpoImagePlugin, PngImagePlugin, WebPImagePlugin)


class Refused(Exception):
    """The picture is at fault; `outcome` says why, and `size` is its own as stored, if known."""

    def __init__(self, outcome: Outcome, size: tuple[int, int] = (0, 0)) -> None:
        super().__init__(outcome.name)
        self.outcome = outcome
        self.size = size


def prepare_codecs() -> None:
    """Load and configure the codecs once, in the parent: a child cannot open a library."""
    pillow_heif.register_heif_opener(thumbnails=False)
    pillow_heif.options.DECODE_THREADS = 1
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    # Not init(), which loads all forty plugins: each fork would copy their page tables.
    Image.preinit()
    Image.MAX_IMAGE_PIXELS = limits.PIXELS_MAX
    warnings.simplefilter("ignore")
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    _rehearse()


def decode(
    source: BinaryIO,
    picture_format: PictureFormat,
    side_pixels_min: int,
    room: Callable[[int], memoryview],
) -> Reply:
    """Write the pixels into `room(bytes)`: rows from the top, not yet turned upright.

    Large pictures come at 1/2, 1/4 or 1/8, as long as both sides keep `side_pixels_min`. Raises
    Refused.
    """
    try:
        return _decode(source, picture_format, side_pixels_min, room)
    except OSError:
        if picture_format is not PictureFormat.JPEG:
            raise
    return _decode_without_end(source, side_pixels_min, room)


def _decode(
    source: BinaryIO,
    picture_format: PictureFormat,
    side_pixels_min: int,
    room: Callable[[int], memoryview],
) -> Reply:
    image = _open(source, picture_format)
    width, height = image.size
    in_place = picture_format is PictureFormat.JPEG and image.mode == "RGB"
    tags = colour_tags(image, source, picture_format)
    # Pillow loads grey and alpha of sixteen bits as RGBA.
    grey = picture_format is PictureFormat.PNG and is_grey(source)
    conversion = conversion_from(tags, "RGBX" if in_place else "L" if grey else image.mode)
    if picture_format is PictureFormat.JPEG:
        image.draft(image.mode, (side_pixels_min, side_pixels_min))
    reduction = _reduction(image.size, side_pixels_min)
    decoded_width = -(-image.width // reduction)
    decoded_height = -(-image.height // reduction)
    if in_place:
        _decode_into(image, room(_bytes_of(image.size)))
        if conversion is not None:
            conversion.apply_in_place(image)
    elif picture_format is PictureFormat.WEBP:
        # Opening created an animation decoder, which reserves memory for two whole frames.
        vars(image).pop("_decoder", None)
        pixels = room(_bytes_of(image.size))
        _write_pieces(_decoded_webp(image, source, pixels), conversion, reduction, pixels)
    else:
        extras = PngExtras()
        if picture_format is PictureFormat.PNG:
            extras = load_png(
                image,
                source,
                lambda: _open(source, picture_format),
                wants_low_bytes=conversion is not None and not conversion.keeps_curve,
            )
        image.load()
        pixels = room(_bytes_of((decoded_width, decoded_height)))
        _write_pieces(image, conversion, reduction, pixels, extras)
    # Only now: a PNG may name it after its pixels.
    orientation = _orientation(image)
    upright = (height, width) if orientation in _SIDEWAYS else (width, height)
    return Reply(Outcome.DECODED, *upright, decoded_width, decoded_height, orientation)


def _decode_without_end(
    source: BinaryIO, side_pixels_min: int, room: Callable[[int], memoryview]
) -> Reply:
    """Decode a JPEG that only lacks its end marker, or raise Refused if it lacks more.

    Its pixels are all there if they are the same whatever follows.
    """
    source.seek(0)
    content = source.read().removesuffix(END[:1])
    if not lacks_only_its_end(content):
        raise Refused(Outcome.DAMAGED)
    sums, pixels = set(), memoryview(b"")

    def same_room(size: int) -> memoryview:
        nonlocal pixels
        pixels = pixels if len(pixels) == size else room(size)
        return pixels

    for tail in TAILS:
        whole = io.BytesIO(content + tail)
        reply = _decode(whole, PictureFormat.JPEG, side_pixels_min, same_room)
        sums.add(zlib.crc32(pixels))
    if len(sums) > 1:
        raise Refused(Outcome.DAMAGED)
    return reply


def _rehearse() -> None:
    # Rehearse on a picture of our own. First runs write to memory (caches, adaptive code), and each
    # child would copy the pages it writes to.
    content = io.BytesIO()
    exif = Image.Exif()
    exif[_ORIENTATION_TAG] = 6
    Image.new("RGB", (16, 16)).save(content, "JPEG", exif=exif)
    for _ in range(_REHEARSALS):
        source = io.BytesIO(content.getvalue())
        decode(source, PictureFormat.JPEG, 16, lambda size: memoryview(bytearray(size)))


def _open(source: BinaryIO, picture_format: PictureFormat) -> Image.Image:
    # Pillow's own check would hide the size; ours follows before a pixel is decoded.
    Image.MAX_IMAGE_PIXELS = None
    try:
        image = Image.open(source, formats=[picture_format.name])
    except UnidentifiedImageError:
        raise Refused(Outcome.NOT_A_PICTURE) from None
    finally:
        Image.MAX_IMAGE_PIXELS = limits.PIXELS_MAX
    width, height = image.size
    if width * height > limits.PIXELS_MAX:
        raise Refused(Outcome.TOO_MANY_PIXELS, image.size)
    if max(width, height) > limits.SIDE_PIXELS_MAX:
        raise Refused(Outcome.TOO_LONG_A_SIDE, image.size)
    return cast(Image.Image, image)


def _orientation(image: Image.Image) -> int:
    # As browsers do: from EXIF alone, not from XMP or a PNG's text as Image.getexif would.
    exif = Image.Exif()
    try:
        exif.load(image.info.get("exif") or b"")
        orientation = exif.get(_ORIENTATION_TAG, 1)
    except _BAD_EXIF:
        return 1
    return orientation if orientation in range(1, 9) else 1


def _bytes_of(size: tuple[int, int]) -> int:
    return size[0] * size[1] * limits.BYTES_PER_PIXEL


def _reduction(size: tuple[int, int], side_pixels_min: int) -> int:
    reduction = 1
    while reduction < _REDUCTION_MAX and min(size) >= 2 * reduction * side_pixels_min:
        reduction *= 2
    return reduction


def _decode_into(image: Image.Image, pixels: memoryview) -> None:
    # The codec writes its rows where they are wanted. Copying them, with the memory for it, takes a
    # third of the time of a large photograph.
    image._mode = "RGBX"  # noqa: SLF001 - there is no public way to lend it memory
    image.im = _imaging.map_buffer(pixels, image.size, "raw", 0, ("RGBX", 0, 1))
    image.load()


def _decoded_webp(image: Image.Image, source: BinaryIO, pixels: memoryview) -> Image.Image:
    """The picture decoded into `pixels`, or loaded as usual if that fails.

    Writing pieces back over it is safe: each ends at or before the place it was read from.
    """
    source.seek(0)
    if decode_still(source.read(), image.width, pixels):
        mode = "RGBA" if image.has_transparency_data else "RGBX"
        return Image.frombuffer(mode, image.size, cast(bytes, pixels), "raw", mode, 0, 1)
    again = _open(source, PictureFormat.WEBP)
    again.load()
    return again


def _write_pieces(
    image: Image.Image,
    conversion: Conversion | None,
    reduction: int,
    pixels: memoryview,
    extras: PngExtras = _NO_EXTRAS,
) -> None:
    written = 0
    is_opaque = extras.key is None and "transparency" not in image.info
    reduces_first = is_opaque and image.mode in _AVERAGED_FIRST and _may_mix(image, conversion)
    pixels_max = limits.PIECE_PIXELS_MAX // (1 if extras.low_bytes is None else _MORE_COPIES)
    for box in _boxes_of_pieces(image.size, pixels_max):
        piece = image.crop(box)
        if reduces_first and reduction > 1:
            small = to_srgb(piece.reduce(reduction), conversion)
        else:
            alpha, low_bytes = extras.alpha_of(piece, box), extras.low_bytes_of(box)
            small = to_srgb(piece, conversion, alpha, low_bytes)
            small = small.reduce(reduction) if reduction > 1 else small
        rows = small.tobytes("raw", "RGBX")
        pixels[written : written + len(rows)] = rows
        written += len(rows)


def _may_mix(image: Image.Image, conversion: Conversion | None) -> bool:
    # Colours outside sRGB are clipped, which shows where they meet others. Photographs have few
    # such edges, and graphics many: those come as PNG.
    return conversion is None or (conversion.keeps_curve and image.format != "PNG")


def _boxes_of_pieces(size: tuple[int, int], pixels_max: int) -> Iterator[tuple[int, int, int, int]]:
    width, height = size
    # A multiple of every reduction, so that pieces join without a seam.
    fitting = pixels_max // width // _REDUCTION_MAX * _REDUCTION_MAX
    rows = min(_PIECE_ROWS_MAX, max(_REDUCTION_MAX, fitting))
    for top in range(0, height, rows):
        yield 0, top, width, min(top + rows, height)
