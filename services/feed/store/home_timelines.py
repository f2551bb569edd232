"""Home timelines in Redis: the skeletons of recent readers."""

import time
from collections.abc import Sequence

from redis import asyncio as aioredis

from services.feed.domain.skeletons import HOME_TIMELINE_ENTRIES_MAX
from services.feed.store.entry_lists import TRIM_SLACK, EntryLists
from services.feed.store.hot_reads import HotReads
from services.feed.store.lua_scripts import register
from shared.caching.redis_guard import RedisGuard

# A reader idle for this long no longer receives deliveries.
IDLE_SECONDS_MAX = 14 * 24 * 3600
# Two weeks need no better precision; this saves a command on most reads.
KEEP_EVERY_SECONDS = 3600
KEPT_MAX = 100_000


def home_key(user_id: int) -> str:
    """LIST of post ids; the tail also names celebrities to merge (see EntryLists).

    Bound: 800 entries, 64 more between two trims, and the tail; lives for two weeks after a read.
    """
    return f"home:{user_id}"


def home_key_pattern() -> str:
    """The pattern that matches every home timeline."""
    return "home:*"


class HomeTimelines(EntryLists):
    """Reads and changes the skeletons; every method raises RedisAway if Redis does not answer."""

    lifetime_s = IDLE_SECONDS_MAX

    def __init__(
        self,
        redis: aioredis.Redis,
        reads: HotReads,
        guard: RedisGuard,
        *,
        entries_max: int = HOME_TIMELINE_ENTRIES_MAX,
        trim_slack: int = TRIM_SLACK,
    ) -> None:
        super().__init__(
            redis,
            reads,
            guard,
            home_key,
            entries_max=entries_max,
            trim_slack=trim_slack,
        )
        self._kept: set[int] = set()
        self._kept_hour = 0
        self._merge = register(redis, "entries", "merge")
        self._mark = register(redis, "entries", "mark_celebrity")
        self._who_merges = register(redis, "entries", "who_merges")

    async def keep(self, user_id: int) -> None:
        """Extend the life of a complete timeline that its reader has opened.

        It tells Redis at most once an hour per reader. Call it for complete lists only: one being
        rebuilt must not live longer.
        """
        hour = int(time.monotonic() // KEEP_EVERY_SECONDS)
        if hour != self._kept_hour or len(self._kept) >= KEPT_MAX:
            self._kept_hour = hour
            self._kept.clear()
        if user_id in self._kept:
            return
        with self._guard.calls():
            await self._redis.expire(home_key(user_id), IDLE_SECONDS_MAX)
        self._kept.add(user_id)

    async def readers(self) -> list[int]:
        """Ids of all readers with a timeline; walks through all keys, for operators only."""
        with self._guard.calls():
            keys = [key async for key in self._redis.scan_iter(home_key_pattern(), count=1_000)]
        return sorted({int(key.rpartition(b":")[2]) for key in keys})

    async def merge(self, user_id: int, ids: Sequence[int], floor: int) -> bool:
        """Merge all of an author's posts above `floor`; False without a complete timeline."""
        with self._guard.calls():
            arguments = [self.entries_max, floor, *ids]
            return bool(await self._merge([home_key(user_id)], arguments))

    async def mark_celebrity(self, author_id: int, user_ids: Sequence[int]) -> None:
        """Make the existing timelines of at most 500 readers merge an author from now on."""
        if not user_ids:
            return
        with self._guard.calls():
            await self._mark([home_key(user_id) for user_id in user_ids], [author_id])

    async def who_merges(self, author_id: int, user_ids: Sequence[int]) -> list[int]:
        """Which of at most 500 readers have a timeline that merges this celebrity."""
        if not user_ids:
            return []
        with self._guard.calls():
            found = await self._who_merges([home_key(user_id) for user_id in user_ids], [author_id])
        return [user_id for user_id, does in zip(user_ids, found, strict=True) if does]
