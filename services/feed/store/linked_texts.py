"""Stored links of posts and comments: rows to re-read, and rows that link to a deleted account."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from services.feed.domain.entities import TEXT_RULES
from services.feed.domain.linked_text import LinkedText
from shared.sharding.shard_group import ShardGroup
from shared.sharding.transaction import Transaction
from shared.sql_files import load_queries

_SQL = load_queries(Path(__file__).with_suffix(".sql"))

TextKind = Literal["post", "comment"]


@dataclass(frozen=True, slots=True)
class StoredText:
    """A caption or comment whose links are missing or come from older rules."""

    kind: TextKind
    id: int
    writer_id: int
    text: str


@dataclass(frozen=True, slots=True)
class Relinked:
    """The hashtags a post had before, and whether readers see a difference."""

    former_hashtags: list[str]
    is_changed: bool


class LinkedTexts:
    """Finds texts in all shards; a text lies in the shard that its id names."""

    def __init__(self, group: ShardGroup) -> None:
        self._group = group

    async def to_read(self, per_shard: int) -> dict[int, list[StoredText]]:
        """Some rows to re-read, by shard; two statements per primary, over an index."""
        found: dict[int, list[StoredText]] = defaultdict(list)
        for query in (_SQL["posts_to_read"], _SQL["comments_to_read"]):
            rows = await self._group.rows_across(
                query, self._group.shards(), rules=TEXT_RULES, limit=per_shard
            )
            for row in rows:
                found[self._group.shard_of(row["id"])].append(StoredText(**row))
        return found

    async def naming(self, user_id: int, limit: int) -> dict[int, dict[TextKind, list[int]]]:
        """Ids of texts that mention a user, by shard and kind; asks every shard."""
        rows = await self._group.rows_across(
            _SQL["texts_that_mention"], self._group.shards(), user_id=user_id, limit=limit
        )
        found: dict[int, dict[TextKind, list[int]]] = defaultdict(lambda: defaultdict(list))
        for row in rows[:limit]:
            found[self._group.shard_of(row["id"])][row["kind"]].append(row["id"])
        return found


async def relink_post(tx: Transaction, post: StoredText, linked: LinkedText) -> Relinked | None:
    """Store a caption's links; None if the caption has changed meanwhile."""
    row = await tx.row(_SQL["relink_post"], id=post.id, text=post.text, **asdict(linked))
    return None if row is None else Relinked(row["hashtags"], row["is_changed"])


async def relink_comment(tx: Transaction, comment: StoredText, linked: LinkedText) -> None:
    """Store a comment's links, unless it is gone."""
    await tx.execute(_SQL["relink_comment"], id=comment.id, text=comment.text, **asdict(linked))


async def unlink(tx: Transaction, kind: TextKind, ids: Sequence[int], user_id: int) -> None:
    """Remove links to a user from texts, and from the recorded replies of their writers."""
    query = _SQL["unlink_posts"] if kind == "post" else _SQL["unlink_comments"]
    await tx.execute(query, ids=list(ids), user_id=user_id)
