"""Parses and formats positions in a server's WAL, sizes, and ranges of shards."""

_KIB = 1024


def parse_position(text: str) -> int:
    """Parse a position such as `2/A3000148` into a number of bytes; raises ValueError."""
    high, slash, low = text.strip().partition("/")
    if not slash:
        raise ValueError(f"{text!r} is no position in a log")
    return (int(high, 16) << 32) | int(low, 16)


def position_text(position: int) -> str:
    """Format a position as Postgres does."""
    return f"{position >> 32:X}/{position & 0xFFFFFFFF:X}"


def bytes_text(count: int) -> str:
    """Format a number of bytes for people."""
    if count < _KIB:
        return f"{count} bytes"
    if count < _KIB**2:
        return f"{count / _KIB:.1f} KiB"
    return f"{count / _KIB**2:.1f} MiB"


def ranges_text(shards: list[int]) -> str:
    """Format shards as ascending ranges, such as `0 to 31, 40`."""
    parts = [
        str(first) if first == last else f"{first} to {last}" for first, last in ranges_of(shards)
    ]
    return ", ".join(parts) or "none"


def ranges_of(shards: list[int]) -> list[tuple[int, int]]:
    """Return the shards as ascending, inclusive ranges."""
    runs: list[tuple[int, int]] = []
    for shard in sorted(shards):
        if runs and shard == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], shard)
        else:
            runs.append((shard, shard))
    return runs
