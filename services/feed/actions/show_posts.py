"""Shows bodies to a viewer: with the viewer's own marks and the present counts."""

from collections.abc import Sequence

from services.feed.domain.post_bodies import shown
from services.feed.store.post_bodies import PostBodies
from services.feed.store.post_reactions import PostReactions
from shared.contracts.posts import Post, PostBody


async def existing_posts(bodies: PostBodies, post_ids: Sequence[int]) -> list[PostBody]:
    """The bodies of those that stand, in the order of the ids; withdrawn ones leave gaps.

    Raises Unavailable if some of them cannot be had: a list that lacks them would say that they
    are gone.
    """
    hydrated = await bodies.find_many(post_ids)
    if hydrated.away is not None:
        raise hydrated.away
    return [hydrated.bodies[post_id] for post_id in post_ids if post_id in hydrated.bodies]


async def show_posts(
    reactions: PostReactions, bodies: Sequence[PostBody], viewer_id: int
) -> list[Post]:
    """The posts in their order; raises Unavailable if the marks cannot be had."""
    seen = await reactions.find([body["id"] for body in bodies], viewer_id)
    return [shown(body, seen) for body in bodies]
