"""Reads the comments of a post."""

from collections.abc import Sequence

from services.feed.store.comments import Comments
from services.feed.store.post_bodies import PostBodies
from shared.contracts.posts import Comment, CommentPage
from shared.cursors import ID_CURSOR, decode_id_cursor
from shared.edges.edges import ACTIVE, Edges
from shared.errors import NotFound


async def read_comments(
    bodies: PostBodies,
    comments: Comments,
    comment_likes: Edges,
    post_id: int,
    viewer_id: int,
    page: tuple[int, str | None],
) -> CommentPage:
    """A page (limit and cursor), oldest first; raises NotFound if the post is gone."""
    limit, cursor = page
    after = decode_id_cursor(cursor) or 0
    body = await bodies.find(post_id)
    if body is None:
        raise NotFound
    found = await comments.page_of_post(post_id, after=after, limit=limit + 1)
    items = await _marked(comment_likes, found[:limit], viewer_id)
    more = len(found) > limit
    return {
        "author_id": body["author_id"],
        "items": items,
        "next_cursor": ID_CURSOR.encode(items[-1]["id"]) if more else None,
    }


async def read_comment(
    comments: Comments, comment_likes: Edges, comment_id: int, viewer_id: int
) -> Comment:
    """One comment; raises NotFound if it or its post is gone."""
    found = await comments.by_ids([comment_id])
    if comment_id not in found:
        raise NotFound
    (comment,) = await _marked(comment_likes, [found[comment_id]], viewer_id)
    return comment


async def _marked(likes: Edges, comments: Sequence[Comment], viewer_id: int) -> list[Comment]:
    if not comments:
        return []
    states = await likes.states(viewer_id, [comment["id"] for comment in comments])
    return [{**one, "liked": states.get(one["id"]) == ACTIVE} for one in comments]
