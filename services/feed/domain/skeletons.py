"""A timeline as a skeleton: ids of posts, newest first, complete down to a floor."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

# Above any id: the newest page begins below it.
ABOVE_ALL = 2**63 - 1

HOME_TIMELINE_ENTRIES_MAX = 800


@dataclass(frozen=True, slots=True)
class Skeleton:
    """Distinct ids in descending order, all of them above `floor`.

    It holds every post above `floor`, except those of `celebrity_ids`, which are yet to be merged.
    A floor of 0 means that no older entries exist; otherwise Postgres has them.
    """

    ids: Sequence[int]
    floor: int
    celebrity_ids: Sequence[int] = ()

    def entries_below(self, before: int, count: int) -> list[int]:
        """The newest `count` entries older than `before`; fewer if they end at the floor."""
        start = bisect_left(self.ids, -before + 1, key=lambda entry: -entry)
        return list(self.ids[start : start + count])

    def above(self, after: int, count: int) -> list[int]:
        """The `count` entries directly above `after`, newest first; `after` reaches the floor."""
        end = bisect_left(self.ids, -after, key=lambda entry: -entry)
        return list(self.ids[max(end - count, 0) : end])


def skeleton_of(arrived: Sequence[bytes], tail: bytes) -> Skeleton:
    """Build it from ids in order of arrival: late ones stand out of order, repeated ones twice.

    The tail is that of a complete list: `~<floor>`, then each celebrity's id after a comma.
    """
    floor, *celebrity_ids = map(int, tail[1:].split(b","))
    # Arrivals are nearly sorted, so sorting first takes half the time of a set.
    ids = list(dict.fromkeys(sorted(map(int, arrived), reverse=True)))
    while ids and ids[-1] <= floor:
        ids.pop()
    return Skeleton(ids, floor, tuple(celebrity_ids))


def skeleton_from_newest(ids: Sequence[int], entries_max: int) -> Skeleton:
    """From ids in descending order; the caller asked for `entries_max + 1`."""
    if len(ids) <= entries_max:
        return Skeleton(ids, 0)
    return Skeleton(ids[:entries_max], ids[entries_max])


def page_start(cursor_id: int | None) -> int:
    """The id below which a page begins: the cursor's, or above all ids."""
    return ABOVE_ALL if cursor_id is None else min(cursor_id, ABOVE_ALL)
