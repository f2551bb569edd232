"""A viewer's reactions to posts, and the posts' numbers of likes and comments."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from services.feed.domain.edge_kinds import LIKE, SAVE
from services.feed.domain.post_bodies import NO_REACTIONS, Reactions
from services.feed.store.count_cache import CountCache, PostCounts
from services.feed.store.own_reactions import OWN_REACTIONS_MAX, OwnReactions, OwnReactionsCache
from shared.caching.redis_guard import RedisAway
from shared.edges.edges import newest_targets_by_kind, targets_by_kind
from shared.sharding.shard_group import EdgeEnds, ShardGroup
from shared.sql_files import load_queries

_SQL = load_queries(Path(__file__).with_suffix(".sql"))


class KnownReactions(NamedTuple):
    """What Redis knows: some counts, and the viewer's own reactions or None."""

    counts: Mapping[int, PostCounts]
    own: OwnReactions | None


class PostReactions:
    """Reactions for many posts at a time; raises Unavailable if some cannot be read."""

    def __init__(self, group: ShardGroup, counts: CountCache, own: OwnReactionsCache) -> None:
        self._group = group
        self._counts = counts
        self._own = own

    async def find(
        self, post_ids: Sequence[int], viewer_id: int, known: KnownReactions | None = None
    ) -> Reactions:
        """Reads what `known` lacks: own reactions in the viewer's shard, counts once per primary.

        Both run in parallel. `known` holds Redis's answer if the caller has just asked it.
        """
        if not post_ids:
            return NO_REACTIONS
        known = known or await self._lookup(post_ids, viewer_id)
        counts, own = known
        missing = [post_id for post_id in post_ids if post_id not in counts]
        if not missing and own is not None and own.cover(post_ids):
            return _reactions(post_ids, own, counts)
        found, counted = await asyncio.gather(
            self._find_own(post_ids, viewer_id, own), self._count(missing)
        )
        return _reactions(post_ids, found, {**counts, **counted})

    async def forget_viewer(self, viewer_id: int) -> None:
        """Drop the copy of a viewer's own reactions; raises RedisAway."""
        await self._own.forget([viewer_id])

    async def on_edges(self, edges: Collection[EdgeEnds]) -> None:
        """Drop copies after a committed change of these edges; raises RedisAway."""
        await asyncio.gather(
            self._own.forget({edge.src for edge in edges if edge.kind in (LIKE, SAVE)}),
            self._counts.forget({edge.dst for edge in edges if edge.kind == LIKE}),
        )

    async def _lookup(self, post_ids: Sequence[int], viewer_id: int) -> KnownReactions:
        try:
            own, counts = await asyncio.gather(self._own.get(viewer_id), self._counts.get(post_ids))
        except RedisAway:
            return KnownReactions({}, None)
        return KnownReactions(counts, own)

    async def _find_own(
        self, post_ids: Sequence[int], viewer_id: int, own: OwnReactions | None
    ) -> OwnReactions:
        if own is None:
            own = await self._load_own(viewer_id)
        if own is not None and own.cover(post_ids):
            return own
        mine = await targets_by_kind(self._group, (LIKE, SAVE), viewer_id, post_ids)
        return OwnReactions(0, mine[LIKE], mine[SAVE])

    async def _load_own(self, viewer_id: int) -> OwnReactions | None:
        """None if another process loads them or Redis is away."""
        try:
            token = await self._own.lease(viewer_id)
        except RedisAway:
            return None
        if token is None:
            return None
        marked = await newest_targets_by_kind(
            self._group, (LIKE, SAVE), viewer_id, OWN_REACTIONS_MAX
        )
        own = OwnReactions.from_newest(marked)
        # Without Redis, the next page loads them again.
        with suppress(RedisAway):
            await self._own.fill(token, viewer_id, own)
        return own

    async def _count(self, post_ids: Sequence[int]) -> dict[int, PostCounts]:
        if not post_ids:
            return {}
        try:
            token, leased = await self._counts.lease(post_ids)
        except RedisAway:
            return await self._count_in_postgres(post_ids)
        counted = await self._count_in_postgres(post_ids)
        # Without Redis, the next page counts again.
        with suppress(RedisAway):
            await self._counts.fill(token, leased, counted)
        return counted

    async def _count_in_postgres(self, post_ids: Sequence[int]) -> dict[int, PostCounts]:
        shards = {self._group.shard_of(post_id) for post_id in post_ids}
        rows = await self._group.rows_across(_SQL["counts_of_posts"], shards, ids=list(post_ids))
        counts = dict.fromkeys(post_ids, PostCounts())
        for row in rows:
            counts[row["id"]] = counts[row["id"]]._replace(**{row["counted"]: row["number"]})
        return counts


def _reactions(
    post_ids: Sequence[int], own: OwnReactions, counts: Mapping[int, PostCounts]
) -> Reactions:
    return Reactions(
        own.liked,
        own.saved,
        {post_id: counts[post_id].likes for post_id in post_ids},
        {post_id: counts[post_id].comments for post_id in post_ids},
    )
