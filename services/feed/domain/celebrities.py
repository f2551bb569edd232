"""Celebrities: authors whose posts are merged when a timeline is read, instead of pushed to it."""

from collections.abc import Sequence
from heapq import merge
from typing import Literal

from services.feed.domain.skeletons import Skeleton

# From this many followers on, a push costs more than the reads that it spares.
CELEBRITY_FOLLOWERS_MIN = 10_000
# Below this share of it posts are pushed again: a count that swings at the limit changes nothing.
_STAYS_ABOVE = 0.8

# How an author's posts reach followers at present, and how one post does.
Delivery = Literal["push", "rising", "merge"]
Way = Literal["push", "rise", "merge"]


def way_of(followers: int, delivery: Delivery, celebrity_followers_min: int) -> Way:
    """How a post goes out: `rise` pushes it and tells each follower to merge the author from now.

    Whatever the count does, no post is left out: one is left to be merged only after every follower
    was told, and they are never told otherwise. Those who merge what was pushed see it once.
    """
    if delivery == "merge":
        is_one = followers >= celebrity_followers_min * _STAYS_ABOVE
        return "merge" if is_one else "push"
    return "rise" if followers >= celebrity_followers_min else "push"


def merged(skeleton: Skeleton, of_authors: Sequence[Skeleton]) -> Skeleton:
    """A reader's skeleton with those of authors: complete above the highest of their floors."""
    floor = max(skeleton.floor, *(one.floor for one in of_authors))
    ids = merge(skeleton.ids, *(one.ids for one in of_authors), reverse=True)
    return Skeleton([id_ for id_ in dict.fromkeys(ids) if id_ > floor], floor)
