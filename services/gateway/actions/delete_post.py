"""Deleting an own post."""

from services.gateway.actions.author_cards import AuthorCards
from services.gateway.actions.read_posts import read_post
from services.gateway.clients.feed import FeedClient
from shared.errors import Forbidden


async def delete_post(feed: FeedClient, cards: AuthorCards, post_id: int, viewer_id: int) -> None:
    """Raises NotFound where reading the post would, and Forbidden for what is merely not own."""
    try:
        await feed.delete_post(post_id, viewer_id=viewer_id)
    except Forbidden:
        # Feed knows who wrote it, not who may know that it exists.
        await read_post(feed, cards, post_id, viewer_id)
        raise
