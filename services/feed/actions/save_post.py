"""Saves a post for the viewer, or removes it from the saved ones."""

from services.feed.store.post_bodies import PostBodies
from shared.contracts.posts import Saved
from shared.edges.edges import Edges
from shared.errors import NotFound


async def save_post(bodies: PostBodies, saves: Edges, post_id: int, viewer_id: int) -> Saved:
    """Save; saving again changes nothing. Raises NotFound if the post is gone."""
    if await bodies.find(post_id) is None:
        raise NotFound
    await saves.put(viewer_id, post_id)
    return {"saved": True}


async def unsave_post(bodies: PostBodies, saves: Edges, post_id: int, viewer_id: int) -> Saved:
    """Remove a save, if there is one. Raises NotFound if the post is gone."""
    if await bodies.find(post_id) is None:
        raise NotFound
    await saves.remove(viewer_id, post_id)
    return {"saved": False}
