"""Counts whom a sample of people follows."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from shared.sharding.shard_group import ShardGroup
from shared.sql_files import load_queries

_SQL = load_queries(Path(__file__).with_suffix(".sql"))


async def followed_by(
    group: ShardGroup, follower_ids: Sequence[int], *, each_max: int
) -> Counter[int]:
    """By user id, how many of the followers follow them; one statement per primary.

    Of each follower the `each_max` newest follows count.
    """
    shards = {group.shard_of(follower_id) for follower_id in follower_ids}
    rows = await group.rows_across(
        _SQL["followed_by_each"], shards, follower_ids=list(follower_ids), each_max=each_max
    )
    shared: Counter[int] = Counter()
    for row in rows:
        shared[row["user_id"]] += row["shared"]
    return shared
