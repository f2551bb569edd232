"""Removes likes, saves and comments of a withdrawn post, and the likes of those comments."""

import asyncio
from collections.abc import Mapping, Sequence

from services.feed.domain.edge_kinds import COMMENT_LIKE, LIKE, SAVE
from services.feed.store.activities import forget_activities_about
from services.feed.store.comments import Comments
from shared.edges.edges import Edges
from shared.sharding.shard_group import ShardGroup

CLEAR_JOB = "clear_post"

# Cached copies of the body live this long, and their viewers can still like the post.
CLEAR_DELAY_S = 5.0

_PAGE_MAX = 500
_AT_ONCE = 8


async def clear_post(
    edges: Mapping[str, Edges], comments: Comments, group: ShardGroup, post_id: int
) -> None:
    """Remove the post's likes, saves, comments and activity; repeatable.

    Raises Unavailable while the shard of a reaction is away; the job then runs again.
    """
    for kind in (LIKE, SAVE):
        await _clear_target(edges[kind], post_id)
    while ids := await comments.ids_under(post_id, _PAGE_MAX):
        await remove_comments(edges[COMMENT_LIKE], comments, ids)
    await comments.forget_traces(post_id)
    await forget_activities_about(group, [post_id])


async def remove_comments(likes: Edges, comments: Comments, ids: Sequence[int]) -> None:
    """Remove comments, which share one shard, and all likes of them."""
    for comment_id in ids:
        await _clear_target(likes, comment_id)
    await comments.remove(ids)


async def remove_reactions(edges: Edges, pairs: Sequence[tuple[int, int]]) -> None:
    """Remove edges given as pairs of user and target; the truth is in the user's shard."""
    gate = asyncio.Semaphore(_AT_ONCE)

    async def take_back(user_id: int, target_id: int) -> None:
        async with gate:
            await edges.remove(user_id, target_id)

    await asyncio.gather(*(take_back(*pair) for pair in pairs))


async def _clear_target(edges: Edges, target_id: int) -> None:
    after = 0
    while page := await edges.source_ids(target_id, after=after, limit=_PAGE_MAX):
        await remove_reactions(edges, [(user_id, target_id) for user_id in page])
        after = page[-1]
