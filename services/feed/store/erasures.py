"""Finds and removes an account's rows besides its posts."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from services.feed.store.account_tables import TABLES
from shared.sharding.account_tables import erase_tables
from shared.sharding.idempotency import forget_requests_of
from shared.sharding.shard_group import ShardGroup
from shared.sql_files import load_queries

_SQL = load_queries(Path(__file__).with_suffix(".sql"))


@dataclass(frozen=True, slots=True)
class Reaction:
    """A user's edge to a post."""

    kind: str
    user_id: int
    target_id: int


async def received_reactions(group: ShardGroup, user_id: int, limit: int) -> list[Reaction]:
    """Likes and saves of an author's withdrawn posts, in no order."""
    rows = await group.reader(group.shard_of(user_id)).rows(
        _SQL["received_reactions"], user_id=user_id, limit=limit
    )
    return [Reaction(**row) for row in rows]


async def comments_of_account(group: ShardGroup, user_id: int, limit: int) -> dict[int, list[int]]:
    """Comments that a user wrote, and those under their withdrawn posts: ids by shard.

    Comments lie with their posts, so this asks every shard, with one statement per primary.
    """
    rows = await group.rows_across(
        _SQL["comments_of_account"], group.shards(), user_id=user_id, limit=limit
    )
    by_shard: dict[int, list[int]] = defaultdict(list)
    for row in rows[:limit]:
        by_shard[group.shard_of(row["id"])].append(row["id"])
    return by_shard


async def forget_requests_in(group: ShardGroup, shard: int, user_id: int) -> None:
    """Delete a user's recorded replies for comments under posts of this shard."""
    async with group.writer(shard) as tx:
        await forget_requests_of(tx, user_id)


async def withdrawn_posts(group: ShardGroup, user_id: int, limit: int) -> list[int]:
    """Ids of an author's withdrawn posts, in no order."""
    reader = group.reader(group.shard_of(user_id))
    rows = await reader.rows(_SQL["withdrawn_posts"], user_id=user_id, limit=limit)
    return [row["id"] for row in rows]


async def forget_posts(group: ShardGroup, user_id: int, ids: Sequence[int]) -> None:
    """Remove withdrawn posts of an author, their counts, and the replies recorded under them."""
    async with group.writer(group.shard_of(user_id)) as tx:
        await tx.execute(_SQL["forget_posts"], ids=list(ids))


async def forget_account(group: ShardGroup, user_id: int) -> None:
    """Remove the post count, recorded replies and the account's own tables."""
    async with group.writer(group.shard_of(user_id)) as tx:
        await tx.execute(_SQL["forget_account"], user_id=user_id)
        await erase_tables(tx, TABLES, user_id)
        await forget_requests_of(tx, user_id)
