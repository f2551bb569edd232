"""Orders of popular posts in Redis, which all replicas show and whose pages stay as they are."""

import secrets
from dataclasses import dataclass
from typing import cast

import orjson
from redis import asyncio as aioredis

from services.feed.store.redis_guard import RedisGuard

# The newest order is shown for so long; who pages through one has a quarter of an hour.
LATEST_SECONDS = 20
KEPT_SECONDS = 900


def latest_key() -> str:
    """STRING: the name of the order that is shown at present. Bound: one, for 20 s."""
    return "explore"


def snapshot_key(name: str) -> str:
    """STRING: ids of posts as JSON. Bound: 500 ids, a quarter of an hour, one every 20 s."""
    return f"explore:{name}"


@dataclass(frozen=True, slots=True)
class ExploreSnapshot:
    """Ids of posts, the most popular first, under a name that cursors hold."""

    name: str
    post_ids: list[int]


class ExploreSnapshots:
    """Every method raises RedisAway if Redis does not answer."""

    def __init__(self, redis: aioredis.Redis, guard: RedisGuard) -> None:
        self._redis = redis
        self._guard = guard

    async def find(self, name: str | None) -> ExploreSnapshot | None:
        """The one of that name, or the latest; None if it is no longer kept."""
        with self._guard.calls():
            if name is None:
                latest = await self._redis.get(latest_key())
                if latest is None:
                    return None
                name = cast(bytes, latest).decode()
            kept = await self._redis.get(snapshot_key(name))
        return None if kept is None else ExploreSnapshot(name, orjson.loads(kept))

    async def keep(self, post_ids: list[int]) -> ExploreSnapshot:
        """Make it the latest, unless another replica was faster: then that one's."""
        made = ExploreSnapshot(secrets.token_hex(6), post_ids)
        with self._guard.calls():
            await self._redis.set(snapshot_key(made.name), orjson.dumps(post_ids), ex=KEPT_SECONDS)
            is_first = await self._redis.set(latest_key(), made.name, ex=LATEST_SECONDS, nx=True)
        return made if is_first else await self.find(None) or made
