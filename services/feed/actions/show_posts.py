"""Shows bodies to a viewer: with the viewer's own marks and the present counts."""

import asyncio
from collections.abc import Sequence

from services.feed.domain.post_bodies import UNMARKED, Marks, PostBody, shown
from shared.contracts.posts import Post
from shared.sharding.edges import ACTIVE, Edges


async def show_posts(likes: Edges, bodies: Sequence[PostBody], viewer_id: int) -> list[Post]:
    """The posts in their order; raises Unavailable if the marks cannot be had."""
    marks = await marks_of(likes, [body["id"] for body in bodies], viewer_id)
    return [shown(body, marks) for body in bodies]


async def marks_of(likes: Edges, post_ids: Sequence[int], viewer_id: int) -> Marks:
    """One statement in the viewer's shard, and one per primary for the counts, side by side."""
    if not post_ids:
        return UNMARKED
    states, counts = await asyncio.gather(likes.states(viewer_id, post_ids), likes.counts(post_ids))
    return Marks(
        frozenset(post_id for post_id, state in states.items() if state == ACTIVE),
        {post_id: count.in_count for post_id, count in counts.items()},
    )
