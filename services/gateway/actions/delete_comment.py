"""Deleting a comment."""

from services.gateway.actions.author_cards import AuthorCards
from services.gateway.actions.read_comments import read_comment
from services.gateway.clients.feed import FeedClient
from shared.errors import Forbidden


async def delete_comment(
    feed: FeedClient, cards: AuthorCards, comment_id: int, viewer_id: int
) -> None:
    """Raises NotFound where reading it would, and Forbidden for what is merely not one's own."""
    try:
        await feed.delete_comment(comment_id, viewer_id=viewer_id)
    except Forbidden:
        # Feed knows who wrote it, not who may know that it exists.
        await read_comment(feed, cards, comment_id, viewer_id)
        raise
