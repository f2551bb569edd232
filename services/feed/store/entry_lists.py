"""Lists of entries in Redis that take deliveries: what home timelines and author timelines share.

Why no post is lost between a rebuild and a delivery: a rebuild first makes the list, which from
then on takes deliveries, and only then reads the database. A post delivered before that moment was
committed before it, so that the reading finds it; one delivered after it lands in the list. What
both found is dropped on read. Whoever changes the graph in between gives the rebuild up.
"""

import secrets
from collections.abc import Callable, Sequence
from typing import ClassVar

from redis import asyncio as aioredis

from services.feed.domain.skeletons import Skeleton, skeleton_of
from services.feed.store.hot_reads import HotReads
from services.feed.store.lua_scripts import register
from shared.caching.redis_guard import RedisGuard

# Longer lists are cut only when this many entries too long: one cut per so many deliveries.
TRIM_SLACK = 64
# Longer than any request may take: who began a rebuild and is not back by then has died.
REBUILD_MS_MAX = 30_000
# A script of this many keys keeps Redis from others for less than a millisecond.
PUSH_BATCH_MAX = 500


class BeingRebuilt:
    """Stands for a list that takes deliveries but cannot be read yet."""


class EntryLists:
    """Reads and changes lists of entries; every method raises RedisAway if Redis does not answer.

    A list is a LIST of post ids in decimal, the newest arrival first, ended by a tail (see
    lua/entries.lua). Bound: `entries_max`, `trim_slack` more between two cuts, and the tail.
    """

    # How long a list that nobody looks at is kept.
    lifetime_s: ClassVar[int]

    def __init__(
        self,
        redis: aioredis.Redis,
        reads: HotReads,
        guard: RedisGuard,
        key_of: Callable[[int], str],
        *,
        entries_max: int,
        trim_slack: int,
    ) -> None:
        self._redis = redis
        self._reads = reads
        self._guard = guard
        self._key_of = key_of
        self.entries_max = entries_max
        self._trim_slack = trim_slack
        self._push = register(redis, "entries", "push")
        self._begin = register(redis, "begin_rebuild")
        self._finish = register(redis, "entries", "finish_rebuild")
        self._abandon = register(redis, "entries", "abandon_rebuild")

    async def find(self, owner_id: int) -> Skeleton | BeingRebuilt | None:
        """The skeleton; None if there is no list at the moment."""
        return (await self.find_many([owner_id]))[0]

    async def find_many(self, owner_ids: Sequence[int]) -> list[Skeleton | BeingRebuilt | None]:
        """Those of several owners, in one round trip."""
        found = await self._reads.lists([self._key_of(owner_id) for owner_id in owner_ids])
        return [_parsed(entries) for entries in found]

    async def push(self, post_id: int, owner_ids: Sequence[int]) -> int:
        """Put it into those of at most 500 lists that exist; how many that were."""
        if not owner_ids:
            return 0
        keys = [self._key_of(owner_id) for owner_id in owner_ids]
        with self._guard.calls():
            taken = await self._push(keys, [post_id, self.entries_max, self._trim_slack])
        return int(taken)

    async def exists(self, owner_id: int) -> bool:
        """Is there a list, be it one that is being rebuilt?"""
        with self._guard.calls():
            return bool(await self._redis.exists(self._key_of(owner_id)))

    async def drop(self, owner_id: int) -> None:
        """Forget a list; its next read rebuilds it."""
        with self._guard.calls():
            await self._redis.unlink(self._key_of(owner_id))

    async def begin_rebuild(self, owner_id: int) -> str | None:
        """A token if there is no list and nobody else is making it: deliveries now land."""
        token = secrets.token_hex(8)
        with self._guard.calls():
            began = await self._begin([self._key_of(owner_id)], [f"!{token}", REBUILD_MS_MAX])
        return token if began else None

    async def finish_rebuild(self, owner_id: int, token: str, built: Skeleton) -> bool:
        """Put what was read in place; False if the list is no longer ours to fill."""
        tail = ",".join(map(str, [f"~{built.floor}", *built.celebrity_ids]))
        with self._guard.calls():
            arguments: list[str | int] = [
                f"!{token}",
                tail,
                self.lifetime_s,
                self.entries_max,
                self._trim_slack,
                *built.ids,
            ]
            return bool(await self._finish([self._key_of(owner_id)], arguments))

    async def abandon_rebuild(self, owner_id: int, token: str) -> None:
        """Give up a rebuild that failed."""
        with self._guard.calls():
            await self._abandon([self._key_of(owner_id)], [f"!{token}"])


def _parsed(entries: list[bytes]) -> Skeleton | BeingRebuilt | None:
    if not entries:
        return None
    tail = entries.pop()
    return skeleton_of(entries, tail) if tail.startswith(b"~") else BeingRebuilt()
