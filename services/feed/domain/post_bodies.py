"""The part of a post that all viewers share, and how a viewer sees it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from shared.contracts.posts import Post, PostBody


@dataclass(frozen=True, slots=True)
class Reactions:
    """A viewer's reactions to some posts, and these posts' numbers of likes and comments.

    The numbers may leave out posts that have none.
    """

    liked: frozenset[int]
    saved: frozenset[int]
    like_counts: Mapping[int, int]
    comment_counts: Mapping[int, int]


NO_REACTIONS = Reactions(frozenset(), frozenset(), {}, {})


_EMPTY = dict.fromkeys(PostBody.__annotations__)
# The contract lists new fields last.
_NEWEST_FIELD = next(reversed(_EMPTY))


def completed(kept: Mapping[str, Any]) -> Any:
    """A body or post stored by an older version, in the cache or as a reply.

    Fields added since then are null.
    """
    return kept if _NEWEST_FIELD in kept else {**_EMPTY, **kept}


def shown(body: PostBody, reactions: Reactions) -> Post:
    """The post as the viewer with these reactions sees it."""
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
    """The word that the reply uses."""
    return "complete" if complete else "partial"
