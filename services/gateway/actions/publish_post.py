"""Publishes a post: feed writes it, users gives its author's card."""

from typing import Any

from services.gateway.actions.author_cards import AuthorCards
from services.gateway.actions.read_posts import PostWithAuthor
from services.gateway.clients.feed import FeedClient
from shared.errors import Unauthenticated


async def publish_post(
    feed: FeedClient,
    cards: AuthorCards,
    draft: dict[str, Any],
    idempotency_key: str,
    viewer_id: int,
) -> PostWithAuthor:
    """The new post, or the one that this key made before."""
    # Ask for the author's card first: if users does not answer, nothing is written yet.
    authors = await cards.current_cards([viewer_id], viewer_id)
    if str(viewer_id) not in authors:
        # The account was deleted within the seconds for which a session check is remembered.
        raise Unauthenticated
    post = await feed.publish(draft, idempotency_key, viewer_id=viewer_id)
    return PostWithAuthor(post, authors)
