"""Comments on a post or replies to a comment that the viewer may see."""

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

    Raises NotFound if the viewer may not see the post, or the comment that `draft` replies to.
    """
    if draft["reply_to"] is None:
        await read_post(feed, cards, post_id, viewer_id)
    else:
        parent = await read_comment(feed, cards, draft["reply_to"], viewer_id)
        if parent.comment["post_id"] != post_id:
            raise NotFound
    # Ask for the writer's card first: if users does not answer, nothing is written yet.
    people = await cards.current_cards([viewer_id], viewer_id)
    if str(viewer_id) not in people:
        # The account was deleted within the seconds for which a session check is remembered.
        raise Unauthenticated
    comment = await feed.write_comment(post_id, draft, idempotency_key, viewer_id=viewer_id)
    return CommentWithPeople(comment, people)
