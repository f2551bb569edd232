"""Saving a post for oneself and taking it back."""

from services.feed.store.post_bodies import PostBodies
from shared.contracts.posts import Saved
from shared.edges.edges import Edges
from shared.errors import NotFound


async def save_post(bodies: PostBodies, saves: Edges, post_id: int, viewer_id: int) -> Saved:
    """Save; again is the same as once. Raises NotFound if the post does not stand."""
    if await bodies.find(post_id) is None:
        raise NotFound
    await saves.put(viewer_id, post_id)
    return {"saved": True}


async def unsave_post(bodies: PostBodies, saves: Edges, post_id: int, viewer_id: int) -> Saved:
    """Take it back; one that never was is fine. Raises NotFound as `save_post` does."""
    if await bodies.find(post_id) is None:
        raise NotFound
    await saves.remove(viewer_id, post_id)
    return {"saved": False}
