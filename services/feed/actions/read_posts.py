"""Reading one post, and what one person has published."""

from services.feed.actions.show_posts import show_posts
from services.feed.domain.skeletons import page_start
from services.feed.store.post_bodies import PostBodies
from services.feed.store.post_reactions import PostReactions
from services.feed.store.posts import Posts
from shared.contracts.posts import Post, PostPage
from shared.cursors import ID_CURSOR, decode_id_cursor
from shared.errors import NotFound


async def read_post(
    bodies: PostBodies, reactions: PostReactions, post_id: int, viewer_id: int
) -> Post:
    """One post; raises NotFound if it does not stand."""
    body = await bodies.find(post_id)
    if body is None:
        raise NotFound
    (post,) = await show_posts(reactions, [body], viewer_id)
    return post


async def read_user_posts(
    posts: Posts,
    reactions: PostReactions,
    author_id: int,
    viewer_id: int,
    page: tuple[int, str | None],
) -> PostPage:
    """An author's posts, newest first; `page` is limit and cursor. Raises Invalid for a cursor."""
    limit, cursor = page
    bodies = await posts.page_of_author(
        author_id,
        before=page_start(decode_id_cursor(cursor)),
        limit=limit + 1,
        viewer_id=viewer_id,
    )
    items = await show_posts(reactions, bodies[:limit], viewer_id)
    more = len(bodies) > limit
    return {"items": items, "next_cursor": ID_CURSOR.encode(items[-1]["id"]) if more else None}
