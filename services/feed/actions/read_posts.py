"""Reads one post, and the posts of one author."""

from services.feed.actions.pin_post import PINS_MAX
from services.feed.actions.show_posts import show_posts
from services.feed.domain.gaps import right_above
from services.feed.domain.skeletons import page_start
from services.feed.store.post_bodies import PostBodies
from services.feed.store.post_reactions import PostReactions
from services.feed.store.posts import page_of_author, page_of_author_above, pinned_by_author
from shared.contracts.posts import Post, PostPage
from shared.cursors import ID_CURSOR, CursorShape, Number
from shared.errors import NotFound
from shared.sharding.shard_group import ShardGroup

# The page's last post, and the posts that the first page showed as pinned.
_CURSORS = (ID_CURSOR, *(CursorShape(*[Number()] * (1 + pins)) for pins in range(1, PINS_MAX + 1)))


async def read_post(
    bodies: PostBodies, reactions: PostReactions, post_id: int, viewer_id: int
) -> Post:
    """One post; raises NotFound if it is gone."""
    body = await bodies.find(post_id)
    if body is None:
        raise NotFound
    (post,) = await show_posts(reactions, [body], viewer_id)
    return post


async def read_user_posts(
    group: ShardGroup,
    reactions: PostReactions,
    author_id: int,
    viewer_id: int,
    page: tuple[int, str | None],
) -> PostPage:
    """An author's posts, pinned ones first, then newest first; `page` is limit and cursor.

    The cursor names the pinned posts already shown. Pinning or unpinning between pages therefore
    neither repeats nor drops a post. Raises Invalid for a malformed cursor.
    """
    limit, cursor = page
    if cursor is None:
        pinned = await pinned_by_author(
            group, author_id, limit=min(PINS_MAX, limit), viewer_id=viewer_id
        )
        before, shown = page_start(None), [body["id"] for body in pinned]
    else:
        pinned, (before, *shown) = [], _position(cursor)
    bodies = pinned + await page_of_author(
        group,
        author_id,
        before=before,
        limit=limit + 1,
        viewer_id=viewer_id,
        without=shown,
    )
    items = await show_posts(reactions, bodies[:limit], viewer_id)
    if len(bodies) <= limit:
        return {"items": items, "next_cursor": None}
    last_id = bodies[limit - 1]["id"] if limit > len(pinned) else page_start(None)
    return {"items": items, "next_cursor": _CURSORS[len(shown)].encode(last_id, *shown)}


async def read_user_posts_above(
    group: ShardGroup,
    reactions: PostReactions,
    author_id: int,
    viewer_id: int,
    page: tuple[int, int],
) -> PostPage:
    """The posts directly above an id, newest first; `page` is limit and id.

    The cursor leads upwards. Pinned posts stay in order of time: a client that fills a gap already
    has the top of the page.
    """
    limit, above = page
    found = await page_of_author_above(
        group, author_id, above=above, limit=limit + 1, viewer_id=viewer_id
    )
    bodies, has_more = right_above(found, limit)
    return {
        "items": await show_posts(reactions, bodies, viewer_id),
        "next_cursor": ID_CURSOR.encode(bodies[0]["id"]) if has_more else None,
    }


def _position(cursor: str) -> tuple[int, ...]:
    for shape in _CURSORS[1:]:
        found = shape.find(cursor)
        if found is not None:
            return found
    return ID_CURSOR.decode(cursor)
