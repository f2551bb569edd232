"""Events in Redis for connected viewers: they say that something new exists."""

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, cast

import orjson
from redis import asyncio as aioredis

from services.feed.store.lua_scripts import register
from shared.caching.redis_guard import RedisGuard
from shared.contracts.stream import ABOUT_MAX, About, EventKind, StreamEvent

# Gateways register their listeners every 30 s. A viewer who loses one gateway has two minutes to
# reach another without missing events.
LISTEN_SECONDS = 120
# A busy suite writes about a hundred a second; a reader further behind must refresh everything.
ENTRIES_MAX = 4_000
ENTRIES_AT_ONCE_MAX = 200
TELL_BATCH_MAX = 500
# Well below the half second after which a silent Redis counts as gone.
_BLOCK_MS = 250


def listeners_key() -> str:
    """ZSET of user ids, scored by the Unix time until which they listen.

    Bound: viewers connected within two minutes. Each registration drops expired members; without
    any, the key expires.
    """
    return "listeners"


def stream_key() -> str:
    """STREAM of events: kind, about (JSON), and the listening viewers (decimal, by comma).

    Bound: some 4,000 entries of at most 500 viewers, none older than two minutes when another is
    written; lives for two minutes after the last one.
    """
    return "stream"


class StreamEvents:
    """Writes and reads events; every method raises RedisAway if Redis does not answer."""

    def __init__(self, redis: aioredis.Redis, guard: RedisGuard) -> None:
        self._redis = redis
        self._guard = guard
        self._tell = register(redis, "tell")

    async def listen(self, viewer_ids: Sequence[int]) -> list[int]:
        """Register listeners for two minutes, and return those registered already."""
        if not viewer_ids:
            return []
        now_s = time.time()
        members = [str(viewer_id) for viewer_id in viewer_ids]
        with self._guard.calls():
            pipeline = self._redis.pipeline(transaction=True)
            pipeline.zremrangebyscore(listeners_key(), "-inf", now_s)
            pipeline.zmscore(listeners_key(), members)
            pipeline.zadd(listeners_key(), dict.fromkeys(members, now_s + LISTEN_SECONDS))
            pipeline.expire(listeners_key(), LISTEN_SECONDS)
            _, scores, *_ = await pipeline.execute()
        return [id_ for id_, score in zip(viewer_ids, scores, strict=True) if score is not None]

    async def listening(self, viewer_ids: Sequence[int]) -> list[int]:
        """Return the listeners among at most 500 viewers."""
        if not viewer_ids:
            return []
        with self._guard.calls():
            scores = await self._redis.zmscore(listeners_key(), [str(id_) for id_ in viewer_ids])
        now_s = time.time()
        return [
            id_
            for id_, until_s in zip(viewer_ids, scores, strict=True)
            if until_s and until_s > now_s
        ]

    async def tell(self, kind: EventKind, viewer_ids: Sequence[int], about: Sequence[About]) -> int:
        """Tell the listeners among at most 500 viewers the same thing; return their number."""
        return await self._told(kind, viewer_ids, [_noted(about)])

    async def tell_each(self, kind: EventKind, told: Mapping[int, Sequence[About]]) -> int:
        """Tell each listener among at most 500 viewers something else; return their number."""
        abouts = [_noted(about) for about in told.values()]
        return await self._told(kind, list(told), abouts)

    async def _told(self, kind: EventKind, viewer_ids: Sequence[int], abouts: list[bytes]) -> int:
        if not viewer_ids:
            return 0
        bounds = [time.time(), ENTRIES_MAX, LISTEN_SECONDS]
        arguments = [*bounds, kind, len(viewer_ids), *viewer_ids, *abouts]
        with self._guard.calls():
            return int(await self._tell([listeners_key(), stream_key()], arguments))

    async def listeners(self) -> AsyncIterator[list[int]]:
        """All listeners, some hundred at a time; viewers who join meanwhile may be missing."""
        cursor = 0
        while True:
            with self._guard.calls():
                cursor, found = await self._redis.zscan(
                    listeners_key(), cursor, count=TELL_BATCH_MAX
                )
            yield [int(member) for member, _until_s in found]
            if not cursor:
                return

    async def last_id(self) -> str:
        """The id after which a new reader begins."""
        with self._guard.calls():
            newest = cast(list[Any], await self._redis.xrevrange(stream_key(), count=1))
            if newest:
                return str(newest[0][0].decode())
            seconds, micros = await self._redis.time()
        # Ids derive from the time, so the next one exceeds that of the millisecond before.
        return f"{seconds * 1000 + micros // 1000 - 1}-0"

    async def read(self, after: str, wait_ms: int) -> list[StreamEvent]:
        """The next events after an id; waits up to `wait_ms` if there are none."""
        give_up_s = time.monotonic() + wait_ms / 1000
        while True:
            with self._guard.calls():
                found = await self._redis.xread(
                    {stream_key(): after}, count=ENTRIES_AT_ONCE_MAX, block=_BLOCK_MS
                )
            events = [_event(id_, fields) for id_, fields in _entries(found)]
            if events or time.monotonic() >= give_up_s:
                return events


def _entries(found: Any) -> list[tuple[bytes, Mapping[bytes, bytes]]]:
    # One stream was asked for: a list of its name and its entries, or nothing.
    return cast(list[tuple[bytes, Mapping[bytes, bytes]]], found[0][1]) if found else []


def _noted(about: Sequence[About]) -> bytes:
    return orjson.dumps([about[-ABOUT_MAX:], len(about) > ABOUT_MAX])


def _event(id_: bytes, fields: Mapping[bytes, bytes]) -> StreamEvent:
    # Entries of older versions have no `about`.
    about, missed = orjson.loads(fields.get(b"about", b"[[],true]"))
    return {
        "id": id_.decode(),
        "kind": cast(EventKind, fields[b"kind"].decode()),
        "viewer_ids": [int(viewer) for viewer in fields[b"viewers"].split(b",")],
        "about": about,
        "missed": missed,
    }
