"""The posts that the viewer likes or has saved; the edges decide which."""

from services.feed.actions.show_posts import existing_posts, show_posts
from services.feed.store.post_bodies import PostBodies
from services.feed.store.post_reactions import PostReactions
from shared.contracts.posts import PostPage
from shared.edges.edges import Edges


async def read_own_reactions(
    edges: Edges,
    bodies: PostBodies,
    reactions: PostReactions,
    viewer_id: int,
    page: tuple[int, str | None],
) -> PostPage:
    """A page (limit and cursor), the latest reaction first; withdrawn posts leave gaps.

    Raises Invalid for a malformed cursor, and Unavailable.
    """
    limit, cursor = page
    found = await edges.page_of_targets(viewer_id, limit=limit, cursor=cursor)
    existing = await existing_posts(bodies, found.ids)
    return {
        "items": await show_posts(reactions, existing, viewer_id),
        "next_cursor": found.next_cursor,
    }
