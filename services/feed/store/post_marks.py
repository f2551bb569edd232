"""What a viewer did with posts, from Postgres, and how many likes and comments they have."""

import asyncio
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path

from services.feed.domain.edge_kinds import LIKE, SAVE
from services.feed.domain.post_bodies import UNMARKED, Marks
from services.feed.store.count_cache import CountCache, PostCounts
from services.feed.store.redis_guard import RedisAway
from shared.sharding.edges import targets_by_kind
from shared.sharding.shard_group import ShardGroup
from shared.sql_files import load_queries

_SQL = load_queries(Path(__file__).with_suffix(".sql"))


class PostMarks:
    """Marks of many posts at a time; raises Unavailable if some part cannot be had."""

    def __init__(self, group: ShardGroup, cache: CountCache) -> None:
        self._group = group
        self._cache = cache

    async def of(self, post_ids: Sequence[int], viewer_id: int) -> Marks:
        """One statement in the viewer's shard, and one per primary for counts that are not cached.

        Side by side.
        """
        if not post_ids:
            return UNMARKED
        mine, counts = await asyncio.gather(
            targets_by_kind(self._group, (LIKE, SAVE), viewer_id, post_ids),
            self._counts(post_ids),
        )
        likes = {post_id: count.likes for post_id, count in counts.items()}
        comments = {post_id: count.comments for post_id, count in counts.items()}
        return Marks(mine[LIKE], mine[SAVE], likes, comments)

    async def on_edges(self, ends: Collection[tuple[str, int]]) -> None:
        """Edges to these nodes have changed, and that is committed."""
        await self._cache.forget([node for kind, node in ends if kind == LIKE])

    async def _counts(self, post_ids: Sequence[int]) -> dict[int, PostCounts]:
        try:
            known = await self._cache.get(post_ids)
            missing = [post_id for post_id in post_ids if post_id not in known]
            if not missing:
                return known
            token, leased = await self._cache.lease(missing)
        except RedisAway:
            return await self._count(post_ids)
        counted = await self._count(missing)
        # While Redis is away these are simply counted again.
        with suppress(RedisAway):
            await self._cache.fill(token, leased, counted)
        return known | counted

    async def _count(self, post_ids: Sequence[int]) -> dict[int, PostCounts]:
        shards = {self._group.shard_of(post_id) for post_id in post_ids}
        rows = await self._group.rows_across(_SQL["counts_of_posts"], shards, ids=list(post_ids))
        counts = dict.fromkeys(post_ids, PostCounts())
        for row in rows:
            counts[row["id"]] = counts[row["id"]]._replace(**{row["counted"]: row["number"]})
        return counts
