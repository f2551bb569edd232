"""The rows of comments, in the shards of their posts."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from asyncpg import Record
from prometheus_client import Counter

from services.feed.domain.linked_text import LinkedText
from services.feed.store.count_cache import CountCache
from shared.caching.redis_guard import RedisAway
from shared.contracts.posts import Comment
from shared.ids import created_at
from shared.sharding.shard_group import ShardGroup
from shared.sharding.transaction import Transaction
from shared.sql_files import load_queries
from shared.wire_time import wire_time

_SQL = load_queries(Path(__file__).with_suffix(".sql"))

_NOT_FORGOTTEN = Counter(
    "retrato_feed_counts_not_forgotten_total",
    "Comment counts that Redis could not drop; they may be stale for ten minutes.",
)


@dataclass(frozen=True, slots=True)
class NewComment:
    """A comment before it is written; `reply_to` is any comment of the same post."""

    post_id: int
    writer_id: int
    text: str
    reply_to: int | None


@dataclass(frozen=True, slots=True)
class Parent:
    """The top-level comment that a reply is attached to."""

    id: int
    writer_id: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Who may delete a comment, and whether it is deleted."""

    post_id: int
    writer_id: int
    author_id: int
    is_deleted: bool


class Comments:
    """The rows of comments; reads always ask the primary, since writers reload at once."""

    def __init__(self, group: ShardGroup, counts: CountCache) -> None:
        self._group = group
        self._counts = counts

    async def page_of_post(self, post_id: int, *, after: int, limit: int) -> list[Comment]:
        """Comments of a post after an id, oldest first; `liked` is always false."""
        reader = self._group.reader(self._group.shard_of(post_id))
        rows = await reader.rows(
            _SQL["page_of_comments"], post_id=post_id, after=after, limit=limit
        )
        return [_comment(row) for row in rows]

    async def by_ids(self, ids: Sequence[int]) -> dict[int, Comment]:
        """Comments that exist, under posts that exist; one statement per primary."""
        shards = {self._group.shard_of(comment_id) for comment_id in ids}
        rows = await self._group.rows_across(_SQL["comments_by_ids"], shards, ids=list(ids))
        return {row["id"]: _comment(row) for row in rows}

    async def of_writer(self, writer_id: int, *, after: int, limit: int) -> list[dict[str, Any]]:
        """A writer's comments in the order of ids; asks every shard."""
        rows = await self._group.rows_across(
            _SQL["comments_of_writer"],
            self._group.shards(),
            writer_id=writer_id,
            after=after,
            limit=limit,
        )
        oldest = sorted(rows, key=lambda row: row["id"])[:limit]
        return [{**row, "created_at": wire_time(created_at(row["id"]))} for row in oldest]

    async def ids_under(self, post_id: int, limit: int) -> list[int]:
        """Ids of all comments under a withdrawn post, deleted ones included."""
        reader = self._group.reader(self._group.shard_of(post_id))
        rows = await reader.rows(_SQL["comments_under"], post_id=post_id, limit=limit)
        return [row["id"] for row in rows]

    async def delete(self, ids: Sequence[int]) -> None:
        """Delete comments, which share one shard, with their replies."""
        async with self._group.writer(self._group.shard_of(ids[0])) as tx:
            for comment_id in ids:
                existing = await lock_comment(tx, comment_id)
                if existing is not None:
                    await self.delete_with_replies(tx, comment_id, existing.post_id)

    async def remove(self, ids: Sequence[int]) -> None:
        """Remove the rows of comments, which share one shard."""
        async with self._group.writer(self._group.shard_of(ids[0])) as tx:
            await tx.execute(_SQL["remove_comments"], ids=list(ids))

    async def forget_traces(self, post_id: int) -> None:
        """Delete the count of a withdrawn post and the replies recorded for its commenters."""
        async with self._group.writer(self._group.shard_of(post_id)) as tx:
            await tx.execute(_SQL["forget_traces"], post_id=post_id)
            self._recount_after(tx, post_id)

    async def insert(
        self, tx: Transaction, new: NewComment, linked: LinkedText, parent: Parent | None
    ) -> Comment:
        """Write and count a comment in its post's shard; `linked` belongs to its text."""
        comment_id: int = await tx.value(
            _SQL["insert_comment"],
            post_id=new.post_id,
            writer_id=new.writer_id,
            reply_to=None if parent is None else parent.id,
            text=new.text,
            **asdict(linked),
        )
        self._recount_after(tx, new.post_id)
        return {
            "id": comment_id,
            "post_id": new.post_id,
            "writer_id": new.writer_id,
            "reply_to": None if parent is None else parent.id,
            "parent_writer_id": None if parent is None else parent.writer_id,
            "text": new.text,
            "hashtags": linked.hashtags,
            "mentions": linked.mentions,
            "entities": linked.entities,
            "created_at": wire_time(created_at(comment_id)),
            "like_count": 0,
            "liked": False,
        }

    async def delete_with_replies(self, tx: Transaction, comment_id: int, post_id: int) -> None:
        """Empty a locked comment and its replies, except those already deleted."""
        await tx.execute(_SQL["delete_comments"], comment_id=comment_id)
        self._recount_after(tx, post_id)

    def _recount_after(self, tx: Transaction, post_id: int) -> None:
        tx.after_commit.append(partial(self._forget_count, post_id))

    async def _forget_count(self, post_id: int) -> None:
        try:
            await self._counts.forget([post_id])
        except RedisAway:
            _NOT_FORGOTTEN.inc()


async def find_author_to_comment(tx: Transaction, post_id: int) -> int | None:
    """The post's author; locks the post against withdrawal. None if it is withdrawn."""
    author_id: int | None = await tx.value(_SQL["lock_post"], post_id=post_id)
    return author_id


async def find_parent(tx: Transaction, post_id: int, comment_id: int) -> Parent | None:
    """The comment a reply is attached to: this one, or its parent if it is a reply itself."""
    for _level in range(2):
        row = await tx.row(_SQL["lock_parent"], post_id=post_id, comment_id=comment_id)
        if row is None:
            return None
        if row["reply_to"] is None:
            return Parent(row["id"], row["writer_id"])
        comment_id = row["reply_to"]
    return None


async def lock_comment(tx: Transaction, comment_id: int) -> Standing | None:
    """Who may delete the comment, locked until the transaction ends; None if unknown."""
    row = await tx.row(_SQL["lock_comment"], comment_id=comment_id)
    return None if row is None else Standing(**row)


def _comment(row: Record) -> Comment:
    return {
        "id": row["id"],
        "post_id": row["post_id"],
        "writer_id": row["writer_id"],
        "reply_to": row["reply_to"],
        "parent_writer_id": row["parent_writer_id"],
        "text": row["text"],
        "hashtags": row["hashtags"],
        "mentions": row["mentions"],
        "entities": row["entities"],
        "created_at": wire_time(created_at(row["id"])),
        "like_count": row["like_count"],
        "liked": False,
    }
