"""Limits of one picture, shared by the child, its parent and the worker."""

PIXELS_MAX = 50_000_000
SIDE_PIXELS_MAX = 12_000

# Pillow uses four bytes per pixel; the child returns its pixels in the same form (RGBX).
BYTES_PER_PIXEL = 4
DECODED_BYTES_MAX = PIXELS_MAX * BYTES_PER_PIXEL
# Pixel memory that a decoder keeps between pictures and maps at once, rather than page by page. It
# fits a photograph of up to 16:9 at the largest size that is not halved.
WARM_BYTES_MAX = 32 * 1024 * 1024

CHILD_MEMORY_BYTES_MAX = 512 * 1024 * 1024
CHILD_CPU_SECONDS_MAX = 5
# Processor time is the bound, even on a busy machine. The wall limit stops a child that hangs
# without using any. A child with a sixtieth of a processor still reaches the end of its budget.
WALL_SECONDS_PER_CPU_SECOND = 60.0


def wall_seconds(cpu_seconds: int) -> float:
    """How long a child with this budget may exist."""
    return cpu_seconds * WALL_SECONDS_PER_CPU_SECOND
