"""The rows that feed keeps of an account beside its posts and likes."""

from pathlib import Path

from shared.sharding.shard_group import ShardGroup
from shared.sql_files import load_queries

_SQL = load_queries(Path(__file__).with_suffix(".sql"))


async def forget_account(group: ShardGroup, user_id: int) -> None:
    """Remove the empty rows of withdrawn posts, the count of posts and what was heard of follows.

    Walks the posts of one shard: withdrawn ones are in no index.
    """
    async with group.writer(group.shard_of(user_id)) as tx:
        await tx.execute(_SQL["forget_account"], user_id=user_id)
