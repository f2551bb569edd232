"""What one picture may cost: the same numbers bind the child, its parent and the worker."""

PIXELS_MAX = 50_000_000
SIDE_PIXELS_MAX = 12_000

# Pillow keeps four bytes a pixel; the child hands its pixels over in the same shape (RGBX).
BYTES_PER_PIXEL = 4
DECODED_BYTES_MAX = PIXELS_MAX * BYTES_PER_PIXEL
# Memory for pixels that stays with a decoder between pictures, and is mapped at once, not page by
# page as it is written: that of a photograph which half scale just leaves large enough.
WARM_BYTES_MAX = 32 * 1024 * 1024

CHILD_MEMORY_BYTES_MAX = 512 * 1024 * 1024
CHILD_CPU_SECONDS_MAX = 5
# Processor time is the bound, however busy the machine is. This one is for a child that hangs and
# uses none: a child that gets a sixtieth of a processor still reaches the end of its budget.
WALL_SECONDS_PER_CPU_SECOND = 60.0


def wall_seconds(cpu_seconds: int) -> float:
    """How long a child with this budget may be there."""
    return cpu_seconds * WALL_SECONDS_PER_CPU_SECOND
