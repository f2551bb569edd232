"""Saving for oneself and taking it back, for posts that the viewer may see."""

from services.gateway.actions.author_cards import AuthorCards
from services.gateway.actions.read_posts import read_post
from services.gateway.clients.feed import FeedClient
from shared.contracts.posts import Saved


async def save_post(feed: FeedClient, cards: AuthorCards, post_id: int, viewer_id: int) -> Saved:
    """Save; raises NotFound where reading the post would."""
    await read_post(feed, cards, post_id, viewer_id)
    return await feed.save(post_id, viewer_id=viewer_id)


async def unsave_post(feed: FeedClient, cards: AuthorCards, post_id: int, viewer_id: int) -> Saved:
    """Save no longer; raises NotFound where reading the post would."""
    await read_post(feed, cards, post_id, viewer_id)
    return await feed.unsave(post_id, viewer_id=viewer_id)
