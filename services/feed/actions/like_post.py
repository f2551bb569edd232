"""Likes a post or takes the like back, and tells its author."""

from prometheus_client import Counter

from services.feed.actions.tell_of_deeds import publish_reaction
from services.feed.store.post_bodies import PostBodies
from shared.contracts.posts import Liked
from shared.edges.edges import ACTIVE, REMOVED, Edges
from shared.errors import NotFound
from shared.sharding.shard_group import ShardGroup

LIKES = Counter("retrato_feed_likes_total", "Likes given to posts.")


async def like_post(
    group: ShardGroup, bodies: PostBodies, likes: Edges, post_id: int, viewer_id: int
) -> Liked:
    """Like; liking again changes nothing. Raises NotFound if the post is gone."""
    await _put(group, bodies, likes, (viewer_id, post_id), ACTIVE)
    return {"liked": True, "like_count": await _count(likes, post_id)}


async def unlike_post(
    group: ShardGroup, bodies: PostBodies, likes: Edges, post_id: int, viewer_id: int
) -> Liked:
    """Take a like back, if there is one. Raises NotFound if the post is gone."""
    await _put(group, bodies, likes, (viewer_id, post_id), REMOVED)
    return {"liked": False, "like_count": await _count(likes, post_id)}


async def _put(
    group: ShardGroup, bodies: PostBodies, likes: Edges, ends: tuple[int, int], state: str
) -> None:
    viewer_id, post_id = ends
    body = await bodies.find(post_id)
    if body is None:
        raise NotFound
    async with group.writer(group.shard_of(viewer_id)) as tx:
        edge = await likes.put(viewer_id, post_id, state, tx=tx)
        said = {"actor": viewer_id, "subject": post_id, "post": post_id}
        await publish_reaction(tx, edge, body["author_id"], "like", said)
        if edge.changed and state == ACTIVE:
            tx.count_after_commit(LIKES)


async def _count(likes: Edges, post_id: int) -> int:
    # `put` mirrors the edge to the post's shard before it returns, unless that shard is away.
    return (await likes.counts([post_id]))[post_id].in_count
