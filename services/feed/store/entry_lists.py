"""Lists of entries in Redis that take deliveries: home timelines and author timelines.

No post is lost between a rebuild and a delivery. A rebuild first creates the list, which takes
deliveries from then on, and only then reads the database. A post delivered earlier was committed
earlier, so the read finds it; a later one lands in the list. Reading drops duplicates. A change of
the graph in between drops the list, so the rebuild stores nothing.
"""

import secrets
from collections.abc import Callable, Sequence
from typing import ClassVar

from redis import asyncio as aioredis

from services.feed.domain.skeletons import Skeleton, skeleton_of
from services.feed.store.hot_reads import HotReads
from services.feed.store.lua_scripts import register
from shared.caching.redis_guard import RedisGuard

# Lists are trimmed once they are this many entries too long: one trim per 64 deliveries.
TRIM_SLACK = 64
# Longer than any request may take: a rebuild not finished by then has died.
REBUILD_MS_MAX = 30_000
# A script over this many keys blocks Redis for less than a millisecond.
PUSH_BATCH_MAX = 500


class BeingRebuilt:
    """Stands for a list that takes deliveries but cannot be read yet."""


class EntryLists:
    """Reads and changes lists of entries; every method raises RedisAway if Redis does not answer.

    A list is a LIST of decimal post ids, the newest arrival first, with a tail at the end (see
    lua/entries.lua). Bound: `entries_max`, `trim_slack` more between two trims, and the tail.
    """

    # How long an unread list lives.
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
        """The skeleton; None if there is no list."""
        return (await self.find_many([owner_id]))[0]

    async def find_many(self, owner_ids: Sequence[int]) -> list[Skeleton | BeingRebuilt | None]:
        """The skeletons of several owners, in one round trip."""
        found = await self._reads.lists([self._key_of(owner_id) for owner_id in owner_ids])
        return [_parsed(entries) for entries in found]

    async def push(self, post_id: int, owner_ids: Sequence[int]) -> int:
        """Push an id to at most 500 lists, skipping absent ones; return how many took it."""
        if not owner_ids:
            return 0
        keys = [self._key_of(owner_id) for owner_id in owner_ids]
        with self._guard.calls():
            taken = await self._push(keys, [post_id, self.entries_max, self._trim_slack])
        return int(taken)

    async def exists(self, owner_id: int) -> bool:
        """Whether there is a list, including one being rebuilt."""
        with self._guard.calls():
            return bool(await self._redis.exists(self._key_of(owner_id)))

    async def drop(self, owner_id: int) -> None:
        """Delete a list; its next read rebuilds it."""
        with self._guard.calls():
            await self._redis.unlink(self._key_of(owner_id))

    async def begin_rebuild(self, owner_id: int) -> str | None:
        """Create the list, which takes deliveries from now on; None if one exists already."""
        token = secrets.token_hex(8)
        with self._guard.calls():
            began = await self._begin([self._key_of(owner_id)], [f"!{token}", REBUILD_MS_MAX])
        return token if began else None

    async def finish_rebuild(self, owner_id: int, token: str, built: Skeleton) -> bool:
        """Append the built entries; False if the list is gone or another rebuild owns it."""
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
        """Drop the list of a failed rebuild, if this token still owns it."""
        with self._guard.calls():
            await self._abandon([self._key_of(owner_id)], [f"!{token}"])


def _parsed(entries: list[bytes]) -> Skeleton | BeingRebuilt | None:
    if not entries:
        return None
    tail = entries.pop()
    return skeleton_of(entries, tail) if tail.startswith(b"~") else BeingRebuilt()
