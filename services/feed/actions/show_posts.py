"""Shows post bodies to a viewer, with current counts and the viewer's own reactions."""

from collections.abc import Sequence

from services.feed.domain.post_bodies import shown
from services.feed.store.post_bodies import PostBodies
from services.feed.store.post_reactions import PostReactions
from shared.contracts.posts import Post, PostBody


async def existing_posts(bodies: PostBodies, post_ids: Sequence[int]) -> list[PostBody]:
    """The bodies of these posts in the order of the ids; withdrawn ones leave gaps.

    Raises Unavailable if some cannot be read: a list without them would claim that they are gone.
    """
    hydrated = await bodies.find_many(post_ids)
    if hydrated.away is not None:
        raise hydrated.away
    return [hydrated.bodies[post_id] for post_id in post_ids if post_id in hydrated.bodies]


async def show_posts(
    reactions: PostReactions, bodies: Sequence[PostBody], viewer_id: int
) -> list[Post]:
    """The posts in the order of their bodies; raises Unavailable if reactions cannot be read."""
    seen = await reactions.find([body["id"] for body in bodies], viewer_id)
    return [shown(body, seen) for body in bodies]
