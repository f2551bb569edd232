"""Orders of posts in Redis, which all replicas show and whose pages stay as they are."""

import secrets
import time
from dataclasses import dataclass
from typing import cast

import orjson
from redis import asyncio as aioredis

from shared.caching.redis_guard import RedisGuard

# The newest order of a list is shown for so long.
LATEST_SECONDS = 20
# Who pages through one has two minutes from page to page and a quarter of an hour in all: what it
# says of a post or an account that is deleted meanwhile is gone soon after.
KEPT_SECONDS = 120
AGE_SECONDS_MAX = 900.0
# What a name looks like: it comes back in cursors, and becomes part of a key.
ORDER_NAME_PATTERN = "[0-9a-f]{12}"
ORDER_IDS_MAX = 500


def latest_key(of: str) -> str:
    """STRING: the name of the order that a list has at present. Bound: one a list, for 20 s."""
    return f"order:{of}"


def order_key(of: str, name: str) -> str:
    """STRING: when it was made, and ids of posts, as JSON.

    Bound: 500 ids; two minutes from the last look, a quarter of an hour in all; one every 20 s.
    """
    return f"order:{of}:{name}"


@dataclass(frozen=True, slots=True)
class KeptOrder:
    """Ids of posts, the first one first, under a name that cursors hold."""

    name: str
    post_ids: list[int]


class KeptOrders:
    """Orders by the list that they are of; every method raises RedisAway if Redis is away."""

    def __init__(self, redis: aioredis.Redis, guard: RedisGuard) -> None:
        self._redis = redis
        self._guard = guard

    async def find(self, of: str, name: str | None) -> KeptOrder | None:
        """The one of that name, or the latest; None if it is no longer kept."""
        with self._guard.calls():
            if name is None:
                latest = await self._redis.get(latest_key(of))
                if latest is None:
                    return None
                name = cast(bytes, latest).decode()
            kept = await self._redis.getex(order_key(of, name), ex=KEPT_SECONDS)
        if kept is None:
            return None
        made_at_s, post_ids = orjson.loads(kept)
        is_old = time.time() - made_at_s > AGE_SECONDS_MAX
        return None if is_old else KeptOrder(name, post_ids)

    async def keep(self, of: str, post_ids: list[int]) -> KeptOrder:
        """Make it the latest, unless another replica was faster: then that one's."""
        made = KeptOrder(secrets.token_hex(6), post_ids)
        with self._guard.calls():
            content = orjson.dumps([time.time(), post_ids])
            await self._redis.set(order_key(of, made.name), content, ex=KEPT_SECONDS)
            is_first = await self._redis.set(latest_key(of), made.name, ex=LATEST_SECONDS, nx=True)
        return made if is_first else await self.find(of, None) or made
