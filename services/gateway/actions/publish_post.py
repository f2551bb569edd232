"""Publishing: the post is feed's, the author's name on it is users'."""

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
    # The author's card first: should users not answer, nothing has happened yet.
    authors = await cards.current_cards([viewer_id], viewer_id)
    if str(viewer_id) not in authors:
        # The account went away within the seconds that a session's answer is kept.
        raise Unauthenticated
    post = await feed.publish(draft, idempotency_key, viewer_id=viewer_id)
    return PostWithAuthor(post, authors)
