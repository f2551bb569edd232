"""Counts the followees that a sample of people share."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from shared.sharding.shard_group import ShardGroup
from shared.sql_files import load_queries

_SQL = load_queries(Path(__file__).with_suffix(".sql"))


async def followed_by(
    group: ShardGroup, follower_ids: Sequence[int], *, each_max: int
) -> Counter[int]:
    """How many of the followers follow each user id; one statement per primary.

    It counts only the `each_max` newest follows of each follower.
    """
    shards = {group.shard_of(follower_id) for follower_id in follower_ids}
    rows = await group.rows_across(
        _SQL["followed_by_each"], shards, follower_ids=list(follower_ids), each_max=each_max
    )
    shared: Counter[int] = Counter()
    for row in rows:
        shared[row["user_id"]] += row["shared"]
    return shared
