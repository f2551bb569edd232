"""Photos being processed, cached in Redis for the phones that poll them.

Postgres is the truth. Without Redis each poll costs a statement.
"""

from typing import NamedTuple

import orjson
from prometheus_client import Counter
from redis import asyncio as aioredis

from shared.caching.redis_guard import RedisAway, RedisGuard
from shared.contracts.photos import Photo

# Phones poll every second or two. If Redis misses a change, phones see it this much later.
KEPT_S = 5

POLLED = Counter("retrato_upload_polled_photos_total", "Polls of photos by source.", ["found_in"])

# Stands for a photo that has just changed: a slow reader cannot store the former state over it.
_CHANGED = b""


class PolledPhoto(NamedTuple):
    """A photo as its owner sees it."""

    owner_id: int
    photo: Photo


class PolledPhotos:
    """Caches photos in state `processing` only; its calls never fail, they only cache less."""

    def __init__(self, redis: aioredis.Redis, guard: RedisGuard) -> None:
        self._redis = redis
        self._guard = guard

    async def find(self, photo_id: int) -> PolledPhoto | None:
        """The photo, if it was processing some seconds ago and has not changed since."""
        try:
            with self._guard.calls():
                kept = await self._redis.get(_key(photo_id))
        except RedisAway:
            kept = None
        POLLED.labels("redis" if kept else "postgres").inc()
        return PolledPhoto(**orjson.loads(kept)) if kept else None

    async def keep(self, owner_id: int, photo: Photo) -> None:
        """Cache a photo that is processing according to Postgres, unless it has just changed."""
        polled = PolledPhoto(owner_id, photo)._asdict()
        try:
            with self._guard.calls():
                await self._redis.set(_key(photo["id"]), orjson.dumps(polled), ex=KEPT_S, nx=True)
        except RedisAway:
            return

    async def note_change(self, photo_id: int) -> None:
        """Drop the cached state; call it after the change has been committed."""
        try:
            with self._guard.calls():
                await self._redis.set(_key(photo_id), _CHANGED, ex=KEPT_S)
        except RedisAway:
            return


def _key(photo_id: int) -> str:
    return f"polled:{photo_id}"
