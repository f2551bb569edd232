"""Editing an own post."""

from services.gateway.actions.author_cards import AuthorCards
from services.gateway.actions.read_posts import PostWithAuthor, read_post
from services.gateway.clients.feed import FeedClient
from shared.errors import Forbidden


async def edit_post(
    feed: FeedClient, cards: AuthorCards, post_id: int, changes: dict[str, str], viewer_id: int
) -> PostWithAuthor:
    """Raises NotFound where reading the post would, and Forbidden for what is merely not own."""
    try:
        post = await feed.edit_post(post_id, changes, viewer_id=viewer_id)
    except Forbidden:
        # Feed knows who wrote it, not who may know that it exists.
        await read_post(feed, cards, post_id, viewer_id)
        raise
    return PostWithAuthor(post, await cards.current_cards([viewer_id], viewer_id))
