"""Commenting on a post that the viewer may see, or replying to a comment that they may."""

from typing import Any

from services.gateway.actions.author_cards import AuthorCards
from services.gateway.actions.read_comments import CommentWithPeople, read_comment
from services.gateway.actions.read_posts import read_post
from services.gateway.clients.feed import FeedClient
from shared.errors import NotFound, Unauthenticated


async def comment_on_post(
    feed: FeedClient,
    cards: AuthorCards,
    post_id: int,
    draft: dict[str, Any],
    idempotency_key: str,
    viewer_id: int,
) -> CommentWithPeople:
    """The new comment, or the one that this key made before.

    Raises NotFound where reading the post, or the comment that `draft` replies to, would.
    """
    if draft["reply_to"] is None:
        await read_post(feed, cards, post_id, viewer_id)
    else:
        parent = await read_comment(feed, cards, draft["reply_to"], viewer_id)
        if parent.comment["post_id"] != post_id:
            raise NotFound
    # The writer's card first: should users not answer, nothing has happened yet.
    people = await cards.current_cards([viewer_id], viewer_id)
    if str(viewer_id) not in people:
        # The account went away within the seconds that a session's answer is kept.
        raise Unauthenticated
    comment = await feed.write_comment(post_id, draft, idempotency_key, viewer_id=viewer_id)
    return CommentWithPeople(comment, people)
