"""Reads who likes a post."""

from services.feed.store.post_bodies import PostBodies
from shared.contracts.posts import LikersPage
from shared.edges.edges import Edges
from shared.errors import NotFound


async def read_likers(
    bodies: PostBodies, likes: Edges, post_id: int, page: tuple[int, str | None]
) -> LikersPage:
    """A page (limit and cursor) of ids, the newest like first.

    Raises NotFound if the post is gone, and Invalid for a malformed cursor.
    """
    limit, cursor = page
    body = await bodies.find(post_id)
    if body is None:
        raise NotFound
    found = await likes.page_of_sources(post_id, limit=limit, cursor=cursor)
    return {"author_id": body["author_id"], "ids": found.ids, "next_cursor": found.next_cursor}
