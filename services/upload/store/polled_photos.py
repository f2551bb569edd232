"""Photos that are being processed, kept in Redis for the phones that ask for them again and again.

Postgres is the truth. Redis may be lost at any time: then each poll costs a statement.
"""

from typing import NamedTuple

import orjson
from prometheus_client import Counter
from redis import asyncio as aioredis

from shared.caching.redis_guard import RedisAway, RedisGuard
from shared.contracts.photos import Photo

# A phone asks every second or two. If Redis was not told of a change, phones see it so much later.
KEPT_S = 5

POLLED = Counter("retrato_upload_polled_photos_total", "Polls of photos.", ["found_in"])

# Kept instead of a photo that has just changed: a slower reader of the former state adds nothing.
_CHANGED = b""


class PolledPhoto(NamedTuple):
    """A photo as its owner is told of it."""

    owner_id: int
    photo: Photo


class PolledPhotos:
    """Only photos in state `processing`. Reads and writes never fail, they only keep less."""

    def __init__(self, redis: aioredis.Redis, guard: RedisGuard) -> None:
        self._redis = redis
        self._guard = guard

    async def find(self, photo_id: int) -> PolledPhoto | None:
        """The photo if it was seen in processing some seconds ago and has not changed since."""
        try:
            with self._guard.calls():
                kept = await self._redis.get(_key(photo_id))
        except RedisAway:
            kept = None
        POLLED.labels("redis" if kept else "postgres").inc()
        return PolledPhoto(**orjson.loads(kept)) if kept else None

    async def keep(self, owner_id: int, photo: Photo) -> None:
        """Keep a photo that Postgres says is in processing, unless it has just changed."""
        polled = PolledPhoto(owner_id, photo)._asdict()
        try:
            with self._guard.calls():
                await self._redis.set(_key(photo["id"]), orjson.dumps(polled), ex=KEPT_S, nx=True)
        except RedisAway:
            return

    async def note_change(self, photo_id: int) -> None:
        """To be called after the change has been committed."""
        try:
            with self._guard.calls():
                await self._redis.set(_key(photo_id), _CHANGED, ex=KEPT_S)
        except RedisAway:
            return


def _key(photo_id: int) -> str:
    return f"polled:{photo_id}"
