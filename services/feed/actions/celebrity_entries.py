"""Merges the posts of celebrities into the skeletons of their followers."""

import asyncio
from collections.abc import Sequence

from services.feed.actions.newest_entries import Newest, newest_entries
from services.feed.domain.celebrities import merged
from services.feed.domain.skeletons import ABOVE_ALL, Skeleton, skeleton_from_newest
from services.feed.store.author_timelines import AuthorTimelines
from services.feed.store.single_flight import SingleFlight
from shared.errors import Unavailable
from shared.sharding.shard_group import ShardGroup

# At most this many lists are read at once. A reader who follows more celebrities gets their posts
# from Postgres, in one merge.
LISTS_MAX = 200
# Parallel loads of missing lists per reader: fewer than a pool has connections.
_LOADS_AT_ONCE = 4


class CelebrityEntries:
    """The newest entries of celebrities, from lists that all readers share."""

    def __init__(self, timelines: AuthorTimelines, group: ShardGroup) -> None:
        self._timelines = timelines
        self._group = group
        self._loads: SingleFlight[int, Newest] = SingleFlight()

    async def added_to(self, skeleton: Skeleton) -> tuple[Skeleton, bool]:
        """Add the celebrities' entries to a skeleton, and say whether all of them could be read.

        Costs one round trip to Redis if all lists are there. Raises RedisAway.
        """
        author_ids = skeleton.celebrity_ids
        if not author_ids:
            return skeleton, True
        there: list[Skeleton] = []
        if len(author_ids) > LISTS_MAX:
            loaded = [await self._newest(author_ids)]
        else:
            there, loaded = await self._lists_of(author_ids)
        entries_max = self._timelines.entries_max
        there += [skeleton_from_newest(one.ids, entries_max) for one in loaded]
        return merged(skeleton, there), all(one.complete for one in loaded)

    async def _lists_of(self, author_ids: Sequence[int]) -> tuple[list[Skeleton], list[Newest]]:
        found = await self._timelines.find_many(author_ids)
        gate = asyncio.Semaphore(_LOADS_AT_ONCE)

        async def load(author_id: int) -> Newest:
            async with gate:
                return await self._loads.share(author_id, lambda: self._load(author_id))

        there = [one for one in found if isinstance(one, Skeleton)]
        missing = [
            author_id
            for author_id, one in zip(author_ids, found, strict=True)
            if not isinstance(one, Skeleton)
        ]
        return there, await asyncio.gather(*map(load, missing))

    async def _load(self, author_id: int) -> Newest:
        token = await self._timelines.begin_rebuild(author_id)
        newest = await self._newest([author_id])
        if token is None:
            return newest
        if newest.complete:
            built = skeleton_from_newest(newest.ids, self._timelines.entries_max)
            await self._timelines.finish_rebuild(author_id, token, built)
        else:
            await self._timelines.abandon_rebuild(author_id, token)
        return newest

    async def _newest(self, author_ids: Sequence[int]) -> Newest:
        count = self._timelines.entries_max + 1
        try:
            return await newest_entries(self._group, author_ids, before=ABOVE_ALL, count=count)
        except Unavailable:
            # The viewer misses these authors' posts, and the page says that it is partial.
            return Newest([], complete=False)
