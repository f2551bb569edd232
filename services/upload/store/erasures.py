"""Finds the photos that a deleted account still has."""

from pathlib import Path

from shared.sharding.shard_group import ShardGroup
from shared.sql_files import load_queries

_SQL = load_queries(Path(__file__).with_suffix(".sql"))


async def photo_ids_of_owner(group: ShardGroup, owner_id: int, limit: int) -> list[int]:
    """Ids of photos in any state, the oldest first."""
    rows = await group.reader(group.shard_of(owner_id)).rows(
        _SQL["photos_of_owner"], owner_id=owner_id, limit=limit
    )
    return [row["id"] for row in rows]
