"""What a viewer did with posts, and how many likes and comments they have."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from services.feed.domain.edge_kinds import LIKE, SAVE
from services.feed.domain.post_bodies import UNMARKED, Marks
from shared.sharding.edges import targets_by_kind
from shared.sharding.shard_group import ShardGroup
from shared.sql_files import load_queries

_SQL = load_queries(Path(__file__).with_suffix(".sql"))


class PostMarks:
    """Marks of many posts at a time; raises Unavailable if some part cannot be had."""

    def __init__(self, group: ShardGroup) -> None:
        self._group = group

    async def of(self, post_ids: Sequence[int], viewer_id: int) -> Marks:
        """One statement in the viewer's shard and one per primary for the counts, side by side."""
        if not post_ids:
            return UNMARKED
        mine, counts = await asyncio.gather(
            targets_by_kind(self._group, (LIKE, SAVE), viewer_id, post_ids),
            self._counts(post_ids),
        )
        return Marks(mine[LIKE], mine[SAVE], counts["likes"], counts["comments"])

    async def _counts(self, post_ids: Sequence[int]) -> dict[str, dict[int, int]]:
        shards = {self._group.shard_of(post_id) for post_id in post_ids}
        rows = await self._group.rows_across(_SQL["counts_of_posts"], shards, ids=list(post_ids))
        counts: dict[str, dict[int, int]] = {"likes": {}, "comments": {}}
        for row in rows:
            counts[row["counted"]][row["id"]] = row["number"]
        return counts
