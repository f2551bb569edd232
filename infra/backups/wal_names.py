"""Names of WAL segments: their order, and the holes in an archive.

A name has 24 hexadecimal digits: 8 for the timeline, 8 for the log and 8 for the segment in it.
Segments have 16 MiB, so the last number ends at 0xFF.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

_SEGMENTS_PER_LOG = 256


@dataclass(frozen=True, slots=True)
class Hole:
    """`count` missing segments between two existing ones.

    `before` is "" if the newest segments are missing.
    """

    after: str
    before: str
    count: int

    def __str__(self) -> str:
        until = f"and before {self.before}" if self.before else "at the end"
        return f"{self.count} WAL segments are missing after {self.after} {until}"


def number_of(name: str) -> int:
    """Return the number of a segment in the stream of WAL, which continues over timelines."""
    return int(name[8:16], 16) * _SEGMENTS_PER_LOG + int(name[16:24], 16)


def timeline_of(name: str) -> int:
    """Return the timeline of a segment."""
    return int(name[:8], 16)


def holes_in(archived: Iterable[str], *, first: str, last: str) -> Iterator[Hole]:
    """Yield the holes between `first` and `last`, both included.

    `last` is the newest segment that the primary considers archived. A new timeline begins with the
    segment in which the old one ends, or with the next.
    """
    wanted = [name for name in archived if number_of(first) <= number_of(name) <= number_of(last)]
    # Sorted, so that each number keeps the name on its newest timeline.
    named = {number_of(name): name for name in sorted(wanted)}
    numbers = sorted(named)
    if not numbers:
        yield Hole(first, "", number_of(last) - number_of(first) + 1)
        return
    if numbers[0] > number_of(first):
        yield Hole(first, named[numbers[0]], numbers[0] - number_of(first))
    for earlier, later in pairwise(numbers):
        if later - earlier > 1:
            yield Hole(named[earlier], named[later], later - earlier - 1)
    if numbers[-1] < number_of(last):
        yield Hole(named[numbers[-1]], "", number_of(last) - numbers[-1])
