"""How many likes and comments posts have, in Redis, so that a page of many authors is one look."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from redis import asyncio as aioredis

from services.feed.store.hot_reads import HotReads
from services.feed.store.leased_keys import LEASE_BEGINS, LeasedKeys
from shared.caching.redis_guard import RedisGuard

# Whoever changes a count forgets it here. Who dies between writing a comment and that leaves it
# wrong for this long; of likes it is forgotten again with their event from the outbox.
COUNTS_SECONDS_MAX = 600


class PostCounts(NamedTuple):
    """Of one post."""

    likes: int = 0
    comments: int = 0


def counts_key(post_id: int) -> str:
    """STRING: likes and comments with a space between, or `lease:<token>` of who is counting.

    Bound: one for each post looked at within ten minutes; a lease lives three seconds.
    """
    return f"counts:{post_id}"


class CountCache:
    """Copies of counts; every method raises RedisAway if Redis does not answer."""

    def __init__(self, redis: aioredis.Redis, reads: HotReads, guard: RedisGuard) -> None:
        self._redis = redis
        self._reads = reads
        self._guard = guard
        self._leased = LeasedKeys(redis, guard, counts_key, COUNTS_SECONDS_MAX)

    async def get(self, ids: Sequence[int]) -> dict[int, PostCounts]:
        """What is known."""
        return parse_counts(ids, await self._reads.values([*map(counts_key, ids)]))

    async def lease(self, ids: Sequence[int]) -> tuple[str, set[int]]:
        """A token, and those of the ids that its holder may fill."""
        return await self._leased.lease(ids)

    async def fill(
        self, token: str, leased: Collection[int], counted: Mapping[int, PostCounts]
    ) -> None:
        """Store what was counted, but for what was changed since it was leased."""
        values = {id_: b"%d %d" % counted[id_] for id_ in leased}
        await self._leased.fill(token, values)

    async def forget(self, ids: Collection[int]) -> None:
        """These were changed, and that is committed: whoever is counting them counts in vain."""
        if ids:
            with self._guard.calls():
                await self._redis.unlink(*map(counts_key, ids))


def parse_counts(ids: Sequence[int], values: Sequence[bytes | None]) -> dict[int, PostCounts]:
    """What the keys of these posts hold, of those that are known."""
    return {
        post_id: PostCounts(*map(int, value.split()))
        for post_id, value in zip(ids, values, strict=True)
        if value is not None and not value.startswith(LEASE_BEGINS)
    }
