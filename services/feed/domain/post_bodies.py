"""What of a post is the same for every viewer, and how it is shown to one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from shared.contracts.posts import Post, PostBody


@dataclass(frozen=True, slots=True)
class Reactions:
    """What a viewer did with some posts, and how many likes and comments each of them has.

    A post that has none of them may be left out of the counts.
    """

    liked: frozenset[int]
    saved: frozenset[int]
    like_counts: Mapping[int, int]
    comment_counts: Mapping[int, int]


NO_REACTIONS = Reactions(frozenset(), frozenset(), {}, {})


_EMPTY = dict.fromkeys(PostBody.__annotations__)
# The contract names new fields last.
_NEWEST_FIELD = next(reversed(_EMPTY))


def completed(kept: Mapping[str, Any]) -> Any:
    """A body or a post that was kept, in a cache or as a reply, by a process of an older version.

    The fields that have been added since are null.
    """
    return kept if _NEWEST_FIELD in kept else {**_EMPTY, **kept}


def shown(body: PostBody, reactions: Reactions) -> Post:
    """The post for the viewer whose marks these are."""
    post_id = body["id"]
    return {
        **body,
        "like_count": reactions.like_counts.get(post_id, 0),
        "comment_count": reactions.comment_counts.get(post_id, 0),
        "liked": post_id in reactions.liked,
        "saved": post_id in reactions.saved,
    }


Completeness = Literal["complete", "partial"]


def completeness(*, complete: bool) -> Completeness:
    """The word for it in the reply."""
    return "complete" if complete else "partial"
