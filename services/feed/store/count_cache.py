"""Numbers of likes and comments per post in Redis, so that one lookup serves a page."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from redis import asyncio as aioredis

from services.feed.store.hot_reads import HotReads
from services.feed.store.leased_keys import LEASE_BEGINS, LeasedKeys
from shared.caching.redis_guard import RedisGuard

# A process that changes a count drops it here. If it dies between commit and drop, the comment
# count stays stale this long; for likes, the relay drops the count again.
COUNTS_SECONDS_MAX = 600


class PostCounts(NamedTuple):
    """The numbers of one post."""

    likes: int = 0
    comments: int = 0


def counts_key(post_id: int) -> str:
    """STRING: likes and comments with a space between, or `lease:<token>` during a count.

    Bound: one for each post read within ten minutes; a lease lives three seconds.
    """
    return f"counts:{post_id}"


class CountCache:
    """Cached counts; every method raises RedisAway if Redis does not answer."""

    def __init__(self, redis: aioredis.Redis, reads: HotReads, guard: RedisGuard) -> None:
        self._redis = redis
        self._reads = reads
        self._guard = guard
        self._leased = LeasedKeys(redis, guard, counts_key, COUNTS_SECONDS_MAX)

    async def get(self, ids: Sequence[int]) -> dict[int, PostCounts]:
        """The cached counts; ids without one are absent."""
        return parse_counts(ids, await self._reads.values([*map(counts_key, ids)]))

    async def lease(self, ids: Sequence[int]) -> tuple[str, set[int]]:
        """A token, and the ids that the caller may fill."""
        return await self._leased.lease(ids)

    async def fill(
        self, token: str, leased: Collection[int], counted: Mapping[int, PostCounts]
    ) -> None:
        """Store counts, except those whose lease was taken away by a change."""
        values = {id_: b"%d %d" % counted[id_] for id_ in leased}
        await self._leased.fill(token, values)

    async def forget(self, ids: Collection[int]) -> None:
        """Drop counts after a committed change; counts under way will not be stored."""
        if ids:
            with self._guard.calls():
                await self._redis.unlink(*map(counts_key, ids))


def parse_counts(ids: Sequence[int], values: Sequence[bytes | None]) -> dict[int, PostCounts]:
    """Parse the values of these posts' keys, leaving out absent and leased ones."""
    return {
        post_id: PostCounts(*map(int, value.split()))
        for post_id, value in zip(ids, values, strict=True)
        if value is not None and not value.startswith(LEASE_BEGINS)
    }
