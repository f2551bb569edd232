"""Liking comments and taking it back, for those that the viewer may read."""

from services.gateway.actions.author_cards import AuthorCards
from services.gateway.actions.read_comments import read_comment
from services.gateway.clients.feed import FeedClient
from shared.contracts.posts import Liked


async def like_comment(
    feed: FeedClient, cards: AuthorCards, comment_id: int, viewer_id: int
) -> Liked:
    """Like; raises NotFound where reading the comment would."""
    await read_comment(feed, cards, comment_id, viewer_id)
    return await feed.like_comment(comment_id, viewer_id=viewer_id)


async def unlike_comment(
    feed: FeedClient, cards: AuthorCards, comment_id: int, viewer_id: int
) -> Liked:
    """Take a like back; raises NotFound where reading the comment would."""
    # Checked too, because the reply tells the number of likes.
    await read_comment(feed, cards, comment_id, viewer_id)
    return await feed.unlike_comment(comment_id, viewer_id=viewer_id)
