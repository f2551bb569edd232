"""Orders of posts in Redis, shared by all replicas and stable from page to page."""

import secrets
import time
from dataclasses import dataclass
from typing import cast

import orjson
from redis import asyncio as aioredis

from shared.caching.redis_guard import RedisGuard

# A list shows its newest order for this long.
LATEST_SECONDS = 20
# A reader may pause two minutes between pages and page for a quarter of an hour. Posts and accounts
# deleted meanwhile leave the order soon after.
KEPT_SECONDS = 120
AGE_SECONDS_MAX = 900.0
# Names come back in cursors and become part of a key, so their form is checked.
ORDER_NAME_PATTERN = "[0-9a-f]{12}"
ORDER_IDS_MAX = 500


def latest_key(of: str) -> str:
    """STRING: the name of a list's current order. Bound: one per list, for 20 s."""
    return f"order:{of}"


def order_key(of: str, name: str) -> str:
    """STRING: its creation time and the post ids, as JSON.

    Bound: 500 ids, and one order every 20 s. It lives for two minutes after a read; it is used for
    at most 15.
    """
    return f"order:{of}:{name}"


@dataclass(frozen=True, slots=True)
class KeptOrder:
    """Ids of posts in order, under the name that cursors hold."""

    name: str
    post_ids: list[int]


class KeptOrders:
    """Stored orders by list; every method raises RedisAway if Redis is away."""

    def __init__(self, redis: aioredis.Redis, guard: RedisGuard) -> None:
        self._redis = redis
        self._guard = guard

    async def find(self, of: str, name: str | None) -> KeptOrder | None:
        """The order of that name, or the latest for None; None if it is no longer stored."""
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
        """Store it as the latest; return another replica's instead if that was first."""
        made = KeptOrder(secrets.token_hex(6), post_ids)
        with self._guard.calls():
            content = orjson.dumps([time.time(), post_ids])
            await self._redis.set(order_key(of, made.name), content, ex=KEPT_SECONDS)
            is_first = await self._redis.set(latest_key(of), made.name, ex=LATEST_SECONDS, nx=True)
        return made if is_first else await self.find(of, None) or made
