"""The rows that feed keeps of an account beside its posts and likes."""

from pathlib import Path

from shared.sharding.idempotency import forget_requests_of
from shared.sharding.shard_group import ShardGroup
from shared.sql_files import load_queries

_SQL = load_queries(Path(__file__).with_suffix(".sql"))


async def received_likes(group: ShardGroup, user_id: int, limit: int) -> list[tuple[int, int]]:
    """Who likes which of the withdrawn posts of somebody, in no order."""
    rows = await group.reader(group.shard_of(user_id)).rows(
        _SQL["received_likes"], user_id=user_id, limit=limit
    )
    return [(row["liker_id"], row["post_id"]) for row in rows]


async def forget_account(group: ShardGroup, user_id: int) -> None:
    """Remove empty rows of withdrawn posts, the count, replies, and what was heard of follows."""
    async with group.writer(group.shard_of(user_id)) as tx:
        await tx.execute(_SQL["forget_account"], user_id=user_id)
        await forget_requests_of(tx, user_id)
