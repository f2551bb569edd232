"""Offsets of an owner's open uploads, cached in Redis between two pieces.

Postgres is the truth: it takes a piece only at the upload's offset. An outdated entry costs a
wasted object and a statement, and never decides the outcome.
"""

import orjson
from prometheus_client import Counter
from redis import asyncio as aioredis

from services.upload.domain.uploads import OpenUpload
from shared.caching.redis_guard import RedisAway, RedisGuard

# A phone takes seconds between two pieces. After a longer pause the next piece costs a statement.
KEPT_S = 120
# More than an owner's unfinished uploads; entries of deleted ones may be among them.
UPLOADS_MAX = 32

PIECES = Counter("retrato_upload_pieces_total", "Pieces by source of their offset.", ["found_in"])


class UploadsUnderWay:
    """A hash per owner; its calls never fail, they only cache less."""

    def __init__(self, redis: aioredis.Redis, guard: RedisGuard) -> None:
        self._redis = redis
        self._guard = guard

    async def find(self, owner_id: int, upload_id: int) -> OpenUpload | None:
        """An owner's upload after its last piece, as far as Redis knows; None if it does not."""
        try:
            with self._guard.calls():
                kept = await self._redis.hget(_key(owner_id), str(upload_id))
        except RedisAway:
            return None
        return OpenUpload(owner_id, upload_id, *orjson.loads(kept)) if kept else None

    async def keep(self, upload: OpenUpload) -> None:
        """Cache the upload; call it after the piece has been committed."""
        key = _key(upload.owner_id)
        entry = orjson.dumps([upload.length, upload.received, upload.pieces])
        try:
            with self._guard.calls():
                pipeline = self._redis.pipeline(transaction=True)
                pipeline.hset(key, str(upload.id), entry)
                pipeline.expire(key, KEPT_S)
                pipeline.hlen(key)
                *_done, count = await pipeline.execute()
                if count > UPLOADS_MAX:
                    await self._redis.delete(key)
        except RedisAway:
            return

    async def forget(self, owner_id: int, upload_id: int) -> None:
        """Drop an upload that became a photo, was deleted, or has another offset."""
        try:
            with self._guard.calls():
                await self._redis.hdel(_key(owner_id), str(upload_id))
        except RedisAway:
            return


def _key(owner_id: int) -> str:
    """HASH by upload id: length, bytes received, pieces.

    Bound: UPLOADS_MAX entries; lives for 120 s.
    """
    return f"uploads:{owner_id}"
