"""Limits of one picture, shared by the child, its parent and the worker."""

# As phones count 50 megapixels: their sensors have up to two hundredths more.
PIXELS_MAX = 51_000_000
# The longest side of a JPEG that libjpeg writes: a rendition keeps a narrow picture's height.
SIDE_PIXELS_MAX = 65_500

# Pillow uses four bytes per pixel; the child returns its pixels in the same form (RGBX).
BYTES_PER_PIXEL = 4
DECODED_BYTES_MAX = PIXELS_MAX * BYTES_PER_PIXEL
# Pixel memory that a decoder keeps between pictures and maps at once, rather than page by page. It
# fits a photograph of up to 16:9 at the largest size that is not halved.
WARM_BYTES_MAX = 32 * 1024 * 1024

# The costliest picture is a progressive JPEG of four channels and a short side, which is not
# reduced: its coefficients, two bytes each, lie beside its decoded pixels.
_BYTES_PER_PIXEL_AT_WORK = BYTES_PER_PIXEL + 4 * 2
# What the child has before it reads: interpreter, codecs, and the largest source.
_BYTES_BEFORE = 64 * 1024 * 1024 + 20_000_000
# A piece of a picture on its way to sRGB exists up to six times: cut out, turned to RGB with alpha,
# laid on white, converted, reduced, and as bytes.
PIECE_PIXELS_MAX = 3 * 1024 * 1024
_BYTES_OF_PIECES = 6 * PIECE_PIXELS_MAX * BYTES_PER_PIXEL
CHILD_MEMORY_BYTES_MAX = PIXELS_MAX * _BYTES_PER_PIXEL_AT_WORK + _BYTES_BEFORE + _BYTES_OF_PIECES
CHILD_CPU_SECONDS_MAX = 5
# Processor time is the bound, even on a busy machine. The wall limit stops a child that hangs
# without using any. A child with a sixtieth of a processor still reaches the end of its budget.
WALL_SECONDS_PER_CPU_SECOND = 60.0


def wall_seconds(cpu_seconds: int) -> float:
    """How long a child with this budget may exist."""
    return cpu_seconds * WALL_SECONDS_PER_CPU_SECOND
