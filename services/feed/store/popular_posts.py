"""Candidates for popular posts of the last days, from all shards."""

from datetime import datetime, timedelta
from pathlib import Path

from services.feed.domain.edge_kinds import LIKE
from services.feed.domain.popularity import Candidate
from shared.ids import created_at, first_id_at
from shared.sharding.shard_group import ShardGroup
from shared.sql_files import load_queries

_SQL = load_queries(Path(__file__).with_suffix(".sql"))

AGE_MAX = timedelta(days=3)
# Per shard: how many of the newest posts are read, and how many become candidates.
_LOOKED_AT_MAX = 2_000
_CANDIDATES_MAX = 50


async def popular_candidates(group: ShardGroup, now: datetime) -> list[Candidate]:
    """Candidates of all shards; one statement per primary.

    Raises Unavailable while a primary is away.
    """
    since_ms = int((now - AGE_MAX).timestamp() * 1000)
    rows = await group.rows_across(
        _SQL["candidates"],
        set(group.shards()),
        like=LIKE,
        since=first_id_at(since_ms),
        looked_at_max=_LOOKED_AT_MAX,
        limit=_CANDIDATES_MAX,
    )
    return [
        Candidate(
            row["id"],
            row["author_id"],
            row["likes"],
            row["comments"],
            (now - created_at(row["id"])).total_seconds() / 3600,
        )
        for row in rows
    ]
