"""Picks the newest entries of many authors without reading all entries of each.

Each round asks some ids of every author who may still matter. An author matters if their list was
cut off above the oldest entry kept. At most `count / ids per author` authors can, which bounds each
round.
"""

from collections.abc import Iterable, Mapping, Sequence
from heapq import nlargest

# The first round asks for about this many ids of all authors together.
_FIRST_ROUND_IDS = 8_000
_EACH_MIN = 4
_GROWTH = 8


def first_limit_each(authors: int, count: int) -> int:
    """How many ids of each author the first round asks for."""
    return min(count, max(_EACH_MIN, _FIRST_ROUND_IDS // max(authors, 1)))


def next_limit_each(limit_each: int, count: int) -> int:
    """How many ids of each remaining author the next round asks for."""
    return min(count, limit_each * _GROWTH)


def keep_newest(kept: Iterable[int], found: Mapping[int, Sequence[int]], count: int) -> list[int]:
    """The `count` newest of the ids kept and the ids found, in descending order."""
    return nlargest(count, [*kept, *(post_id for ids in found.values() for post_id in ids)])


def still_open(
    found: Mapping[int, Sequence[int]], kept: Sequence[int], count: int, limit_each: int
) -> dict[int, int]:
    """Authors who may have more ids among the newest, each with the id to continue below."""
    oldest = kept[-1] if len(kept) == count else 0
    return {
        author_id: ids[-1]
        for author_id, ids in found.items()
        if len(ids) == limit_each and ids[-1] > oldest
    }
