"""Edits the viewer's own post."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from services.gateway.actions.author_cards import AuthorCards
from services.gateway.actions.forward import forward_own
from services.gateway.actions.read_posts import PostWithAuthor, read_post
from services.gateway.clients.feed import FeedClient


async def edit_post(
    feed: FeedClient,
    cards: AuthorCards,
    post_id: int,
    changes: dict[str, Any],
    viewer_id: int,
    versions: Sequence[int] | None = None,
) -> PostWithAuthor:
    """Edit the post and return it; raises PreconditionFailed if it has none of the versions.

    Raises NotFound if the viewer may not see the post, and Forbidden if it is another's.
    """
    post = await forward_own(
        partial(read_post, feed, cards, post_id, viewer_id),
        partial(feed.edit_post, post_id, changes, viewer_id=viewer_id, versions=versions),
    )
    return PostWithAuthor(post, await cards.current_cards([viewer_id], viewer_id))
