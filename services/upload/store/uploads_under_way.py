"""The open uploads of an owner and where each stands, kept in Redis between two of their pieces.

Postgres is the truth. A piece is written there only at the offset at which its upload stands, so
an entry that lags behind costs a wasted object and a statement, and never decides an answer.
"""

import orjson
from prometheus_client import Counter
from redis import asyncio as aioredis

from services.upload.domain.uploads import OpenUpload
from shared.caching.redis_guard import RedisAway, RedisGuard

# Between two pieces lie a phone's seconds. One that pauses for longer costs a statement.
KEPT_S = 120
# Above the unfinished uploads that an owner may have; entries of given up ones may be among these.
UPLOADS_MAX = 32

PIECES = Counter("retrato_upload_pieces_total", "Pieces by where offsets came from.", ["found_in"])


class UploadsUnderWay:
    """A hash for each owner. Reads and writes never fail, they only keep less."""

    def __init__(self, redis: aioredis.Redis, guard: RedisGuard) -> None:
        self._redis = redis
        self._guard = guard

    async def find(self, owner_id: int, upload_id: int) -> OpenUpload | None:
        """Where an own upload stood after its last piece, as far as Redis was told."""
        try:
            with self._guard.calls():
                kept = await self._redis.hget(_key(owner_id), str(upload_id))
        except RedisAway:
            return None
        return OpenUpload(owner_id, upload_id, *orjson.loads(kept)) if kept else None

    async def keep(self, upload: OpenUpload) -> None:
        """To be called after the piece has been committed."""
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
        """It is a photo, is given up, or stands elsewhere than was kept."""
        try:
            with self._guard.calls():
                await self._redis.hdel(_key(owner_id), str(upload_id))
        except RedisAway:
            return


def _key(owner_id: int) -> str:
    """A hash of at most UPLOADS_MAX entries, by upload: length, bytes received, pieces."""
    return f"uploads:{owner_id}"
