"""Writes a comment once per idempotency key, and tells those it concerns."""

from collections.abc import Mapping
from typing import Any

from prometheus_client import Counter

from services.feed.actions.link_text import link_text
from services.feed.actions.tell_of_deeds import publish_comment
from services.feed.clients.users import UsersClient
from services.feed.domain.comments import text_faults
from services.feed.store.comments import (
    Comments,
    NewComment,
    find_author_to_comment,
    find_parent,
)
from shared.errors import Invalid, NotFound
from shared.http_server.idempotency_key import body_hash
from shared.sharding.idempotency import IdempotentRequest, once
from shared.sharding.shard_group import ShardGroup
from shared.sharding.transaction import Transaction

COMMENTS = Counter("retrato_feed_comments_total", "Comments written.")


async def comment_on_post(
    group: ShardGroup, comments: Comments, users: UsersClient, new: NewComment, key: str
) -> Mapping[str, Any]:
    """Write the comment, or return the one that this key made before.

    Raises Invalid, IdempotencyKeyReused and RequestInProgress. Raises NotFound if the post or the
    comment replied to is gone.
    """
    faults = list(text_faults(new.text))
    if faults:
        raise Invalid(errors=faults)
    said = {"text": new.text, "reply_to": new.reply_to}
    request = IdempotentRequest(
        f"comment:{new.post_id}:{new.writer_id}",
        key,
        body_hash(said),
        # The comment's shard, not the writer's: record and comment commit in one transaction.
        group.shard_of(new.post_id),
    )

    linked = await link_text(users, new.text, new.writer_id)

    async def write(tx: Transaction) -> dict[str, Any]:
        author_id = await find_author_to_comment(tx, new.post_id)
        if author_id is None:
            raise NotFound
        parent = None
        if new.reply_to is not None:
            parent = await find_parent(tx, new.post_id, new.reply_to)
            if parent is None:
                raise NotFound
        comment = await comments.insert(tx, new, linked, parent)
        await publish_comment(tx, comment, author_id)
        tx.count_after_commit(COMMENTS)
        return dict(comment)

    return await once(group, request, write)
