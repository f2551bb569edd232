"""Liking and taking it back, for posts that the viewer may see."""

from services.gateway.actions.author_cards import AuthorCards
from services.gateway.actions.read_posts import read_post
from services.gateway.clients.feed import FeedClient
from shared.contracts.posts import Liked


async def like_post(feed: FeedClient, cards: AuthorCards, post_id: int, viewer_id: int) -> Liked:
    """Like; raises NotFound where reading the post would."""
    await read_post(feed, cards, post_id, viewer_id)
    return await feed.like(post_id, viewer_id=viewer_id)


async def unlike_post(feed: FeedClient, cards: AuthorCards, post_id: int, viewer_id: int) -> Liked:
    """Take a like back; raises NotFound where reading the post would."""
    # Checked too, because the reply tells the number of likes.
    await read_post(feed, cards, post_id, viewer_id)
    return await feed.unlike(post_id, viewer_id=viewer_id)
