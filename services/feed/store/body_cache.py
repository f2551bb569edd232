"""Post bodies in Redis; leases make sure that an expired popular body is loaded once."""

from collections.abc import Mapping, Sequence

import orjson
from redis import asyncio as aioredis

from services.feed.domain.post_bodies import completed
from services.feed.store.hot_reads import HotReads
from services.feed.store.leased_keys import LeasedKeys
from shared.caching.redis_guard import RedisGuard
from shared.contracts.posts import PostBody

BODY_SECONDS_MAX = 24 * 3600

_GONE = b"gone"
_BODY_BEGINS = b"{"


def body_key(post_id: int) -> str:
    """STRING: the body as JSON, or `gone`, or `lease:<token>` while a process loads it.

    Bound: one for each post read within a day; a lease lives three seconds.
    """
    return f"post:{post_id}"


class BodyCache:
    """Cached bodies; every method raises RedisAway if Redis does not answer."""

    def __init__(self, redis: aioredis.Redis, reads: HotReads, guard: RedisGuard) -> None:
        self._redis = redis
        self._reads = reads
        self._guard = guard
        self._leased = LeasedKeys(redis, guard, body_key, BODY_SECONDS_MAX)

    async def get(self, ids: Sequence[int]) -> dict[int, PostBody | None]:
        """The cached bodies; None stands for a withdrawn post. Absent ids must be loaded."""
        return parse_bodies(ids, await self._reads.values([*map(body_key, ids)]))

    async def lease(self, ids: Sequence[int]) -> tuple[str, set[int]]:
        """A token, and the ids that the caller is to load."""
        return await self._leased.lease(ids)

    async def fill(
        self, token: str, leased: Sequence[int], loaded: Mapping[int, PostBody | None]
    ) -> None:
        """Store loaded bodies, except those whose lease was taken away by a change.

        Nothing is stored for an unknown post, which may be about to be committed.
        """
        values = {id_: _value(loaded[id_]) if id_ in loaded else b"" for id_ in leased}
        await self._leased.fill(token, values)

    async def mark_gone(self, post_id: int) -> None:
        """Record that a post is withdrawn; loads under way will not overwrite this."""
        with self._guard.calls():
            await self._redis.set(body_key(post_id), _GONE, ex=BODY_SECONDS_MAX)

    async def drop(self, post_id: int) -> None:
        """Drop the body of a changed post, and the lease of a process that is loading it."""
        with self._guard.calls():
            await self._redis.unlink(body_key(post_id))


def parse_bodies(ids: Sequence[int], values: Sequence[bytes | None]) -> dict[int, PostBody | None]:
    """Parse the values of these posts' keys, leaving out absent and leased ones."""
    return {
        post_id: None if value == _GONE else completed(orjson.loads(value))
        for post_id, value in zip(ids, values, strict=True)
        if value is not None and (value.startswith(_BODY_BEGINS) or value == _GONE)
    }


def _value(body: PostBody | None) -> bytes:
    return _GONE if body is None else orjson.dumps(body)
