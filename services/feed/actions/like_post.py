"""Liking a post and taking it back."""

from services.feed.store.post_bodies import PostBodies
from shared.contracts.posts import Liked
from shared.errors import NotFound
from shared.sharding.edges import Edges


async def like_post(bodies: PostBodies, likes: Edges, post_id: int, viewer_id: int) -> Liked:
    """Like; again is the same as once. Raises NotFound if the post does not stand."""
    await _check_stands(bodies, post_id)
    await likes.put(viewer_id, post_id)
    return {"liked": True, "like_count": await _count(likes, post_id)}


async def unlike_post(bodies: PostBodies, likes: Edges, post_id: int, viewer_id: int) -> Liked:
    """Take a like back; one that never was is fine. Raises NotFound if the post does not stand."""
    await _check_stands(bodies, post_id)
    await likes.remove(viewer_id, post_id)
    return {"liked": False, "like_count": await _count(likes, post_id)}


async def _check_stands(bodies: PostBodies, post_id: int) -> None:
    if await bodies.find(post_id) is None:
        raise NotFound


async def _count(likes: Edges, post_id: int) -> int:
    # The edge was mirrored to the post's shard before `put` returned, unless that was away.
    return (await likes.counts([post_id]))[post_id].in_count
