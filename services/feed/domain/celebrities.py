"""Celebrities: authors whose posts are merged into a timeline on read, instead of pushed."""

from collections.abc import Sequence
from heapq import merge
from typing import Literal

from services.feed.domain.skeletons import Skeleton

# From this many followers on, a push costs more than the reads it saves.
CELEBRITY_FOLLOWERS_MIN = 10_000
# Below this share of the limit, posts are pushed again. A count that swings around the limit
# therefore changes nothing.
_STAYS_ABOVE = 0.8

# `Delivery` is an author's present mode; `Way` is how one post goes out.
Delivery = Literal["push", "rising", "merge"]
Way = Literal["push", "rise", "merge"]


def way_of(followers: int, delivery: Delivery, celebrity_followers_min: int) -> Way:
    """How a post goes out; `rise` pushes it and tells each follower to merge from then on.

    No post is lost when the count changes. Posts are left to merging only after every follower was
    told, and followers are never told to stop. A reader who merges a pushed post sees it once.
    """
    if delivery == "merge":
        is_one = followers >= celebrity_followers_min * _STAYS_ABOVE
        return "merge" if is_one else "push"
    return "rise" if followers >= celebrity_followers_min else "push"


def merged(skeleton: Skeleton, of_authors: Sequence[Skeleton]) -> Skeleton:
    """Merge authors' skeletons into a reader's; it is complete above the highest floor."""
    floor = max(skeleton.floor, *(one.floor for one in of_authors))
    ids = merge(skeleton.ids, *(one.ids for one in of_authors), reverse=True)
    return Skeleton([id_ for id_ in dict.fromkeys(ids) if id_ > floor], floor)
