"""Home timelines in Redis: skeletons of those who have looked lately.

Why no post is lost between a rebuild and a delivery: a rebuild first makes the list, which from
then on takes deliveries, and only then reads the database. A post delivered before that moment was
committed before it, so that the reading finds it; one delivered after it lands in the list. What
both found is dropped on read. Whoever changes the graph in between gives the rebuild up.
"""

import secrets
import time
from collections.abc import Sequence
from typing import cast

from redis import asyncio as aioredis

from services.feed.domain.skeletons import HOME_TIMELINE_ENTRIES_MAX, Skeleton, skeleton_of
from services.feed.store.lua_scripts import register
from services.feed.store.redis_guard import RedisGuard

# Longer lists are cut only when this many entries too long: one cut per so many deliveries.
TRIM_SLACK = 64
# A reader who has not looked for so long is no longer delivered to.
IDLE_SECONDS_MAX = 14 * 24 * 3600
# Two weeks need not be exact to more than this; it saves a command with each read.
KEEP_EVERY_SECONDS = 3600
KEPT_MAX = 100_000
# Longer than any request may take: who began a rebuild and is not back by then has died.
REBUILD_MS_MAX = 30_000
# A script of this many keys keeps Redis from others for less than a millisecond.
PUSH_BATCH_MAX = 500


def home_key(user_id: int) -> str:
    """LIST of post ids in decimal, the newest arrival first, ended by a tail (see entries.lua).

    Bound: 800 entries, 64 more between two cuts, and the tail; two weeks since the last look.
    """
    return f"home:{user_id}"


def home_key_pattern() -> str:
    """All of them."""
    return "home:*"


class BeingRebuilt:
    """Stands for a list that takes deliveries but cannot be read yet."""


class HomeTimelines:
    """Reads and changes the skeletons; every method raises RedisAway if Redis does not answer."""

    def __init__(
        self,
        redis: aioredis.Redis,
        guard: RedisGuard,
        *,
        entries_max: int = HOME_TIMELINE_ENTRIES_MAX,
        trim_slack: int = TRIM_SLACK,
    ) -> None:
        self._redis = redis
        self._guard = guard
        self.entries_max = entries_max
        self._trim_slack = trim_slack
        self._kept: set[int] = set()
        self._kept_hour = 0
        self._push = register(redis, "entries", "push")
        self._merge = register(redis, "entries", "merge")
        self._begin = register(redis, "begin_rebuild")
        self._finish = register(redis, "entries", "finish_rebuild")
        self._abandon = register(redis, "abandon_rebuild")

    async def find(self, user_id: int) -> Skeleton | BeingRebuilt | None:
        """The skeleton; None if this reader has none at the moment."""
        with self._guard.calls():
            entries = cast(list[bytes], await self._redis.lrange(home_key(user_id), 0, -1))
        if not entries:
            return None
        tail = entries.pop()
        return skeleton_of(entries, int(tail[1:])) if tail.startswith(b"~") else BeingRebuilt()

    async def keep(self, user_id: int) -> None:
        """Note that the reader has looked at a timeline that is whole.

        Redis is told once an hour; a list that is being rebuilt must not live longer by it.
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

    async def push(self, post_id: int, user_ids: Sequence[int]) -> int:
        """Deliver to those of at most 500 readers who have a timeline; how many that were."""
        if not user_ids:
            return 0
        keys = [home_key(user_id) for user_id in user_ids]
        with self._guard.calls():
            taken = await self._push(keys, [post_id, self.entries_max, self._trim_slack])
        return int(taken)

    async def exists(self, user_id: int) -> bool:
        """Has the reader a timeline, be it one that is being rebuilt?"""
        with self._guard.calls():
            return bool(await self._redis.exists(home_key(user_id)))

    async def readers(self) -> list[int]:
        """Who has a timeline: a walk through all keys, for operators."""
        with self._guard.calls():
            keys = [key async for key in self._redis.scan_iter(home_key_pattern(), count=1_000)]
        return sorted({int(key.rpartition(b":")[2]) for key in keys})

    async def merge(self, user_id: int, ids: Sequence[int], floor: int) -> bool:
        """Add ids that are all of somebody's posts above `floor`; False without a timeline."""
        with self._guard.calls():
            arguments = [self.entries_max, floor, *ids]
            return bool(await self._merge([home_key(user_id)], arguments))

    async def drop(self, user_id: int) -> None:
        """Forget a timeline; its next read rebuilds it."""
        with self._guard.calls():
            await self._redis.unlink(home_key(user_id))

    async def begin_rebuild(self, user_id: int) -> str | None:
        """A token if there is no timeline and nobody else is making it: deliveries now land."""
        token = secrets.token_hex(8)
        with self._guard.calls():
            began = await self._begin([home_key(user_id)], [f"!{token}", REBUILD_MS_MAX])
        return token if began else None

    async def finish_rebuild(self, user_id: int, token: str, built: Skeleton) -> bool:
        """Put what was read in place; False if the list is no longer ours to fill."""
        with self._guard.calls():
            arguments: list[str | int] = [
                f"!{token}",
                f"~{built.floor}",
                IDLE_SECONDS_MAX,
                self.entries_max,
                self._trim_slack,
                *built.ids,
            ]
            return bool(await self._finish([home_key(user_id)], arguments))

    async def abandon_rebuild(self, user_id: int, token: str) -> None:
        """Give up a rebuild that failed."""
        with self._guard.calls():
            await self._abandon([home_key(user_id)], [f"!{token}"])
