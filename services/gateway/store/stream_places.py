"""The streams of each viewer across all gateways: a bounded number of places."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from services.gateway.domain.stream import STANDS_MS, STREAMS_MAX
from shared.caching.redis_pipe import Command, PipeDown, RedisPipe, Subscription

# Gateways renew their places every 30 s; the places of a dead gateway are free soon after.
KEPT_MS = 75_000
# Every request shares the pipe, so no batch may fill it.
_BATCH_MAX = 100

# One step in Redis: at most `most` places exist, however many streams open at once. The oldest
# gives way and its gateway is told; it returns 0 if even the oldest is too new. Names begin with
# the time they were taken, in a fixed number of digits.
_HOLD = """
local place, kept, most, stands, channel = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if not redis.call('ZSCORE', KEYS[1], place) then
    local held = redis.call('ZRANGE', KEYS[1], 0, -1)
    table.sort(held)
    for i = 1, #held + 1 - most do
        if tonumber(string.match(held[i], '^%d+')) > now - stands then
            return 0
        end
    end
    for i = 1, #held + 1 - most do
        redis.call('ZREM', KEYS[1], held[i])
        redis.call('PUBLISH', channel, held[i])
    end
end
redis.call('ZADD', KEYS[1], now + kept, place)
redis.call('PEXPIRE', KEYS[1], kept)
return 1
"""


@dataclass(frozen=True, slots=True)
class Place:
    """A stream's place; `name` begins with the time it was taken (see `domain/stream.py`)."""

    viewer_id: int
    name: str


class StreamPlaces:
    """Places over a given pipe; after a loss of Redis, connected streams take them again."""

    def __init__(self, pipe: RedisPipe) -> None:
        self._pipe = pipe
        self._left: list[Place] = []
        self._flushing: asyncio.Task[None] | None = None

    def listen(self, on_lost: Callable[[str], None]) -> None:
        """Call `on_lost` with the names of places that had to give way, on any gateway."""
        self._pipe.listen(
            Subscription(
                channel=_channel(),
                # A missed name is noticed when its place is renewed.
                catch_up=("PING",),
                on_caught_up=lambda _pong: None,
                on_message=lambda name: on_lost(name.decode()),
            )
        )

    async def hold(self, places: Sequence[Place]) -> list[bool]:
        """Take or renew places, and return which are held. Raises PipeDown."""
        held: list[bool] = []
        for start in range(0, len(places), _BATCH_MAX):
            batch = [_hold(place) for place in places[start : start + _BATCH_MAX]]
            held += map(bool, await self._pipe.ask_all(batch))
        return held

    def release(self, place: Place) -> None:
        """Free a place in the background; while Redis is away it expires by itself."""
        self._left.append(place)
        if self._flushing is None:
            self._flushing = asyncio.create_task(self._flush())

    async def _flush(self) -> None:
        try:
            with suppress(PipeDown):
                while self._left:
                    batch, self._left = self._left[:_BATCH_MAX], self._left[_BATCH_MAX:]
                    await self._pipe.ask_all(
                        [("ZREM", _key(place.viewer_id), place.name) for place in batch]
                    )
        finally:
            self._left.clear()
            self._flushing = None


def _hold(place: Place) -> Command:
    numbers: Any = (KEPT_MS, STREAMS_MAX, STANDS_MS)
    return ("EVAL", _HOLD, 1, _key(place.viewer_id), place.name, *numbers, _channel())


def _key(viewer_id: int) -> str:
    """ZSET of a viewer's places by the Unix time in ms until which they are held.

    Bound: 8 places; lives for 75 s after the last renewal.
    """
    return f"streams:{viewer_id}"


def _channel() -> str:
    """Carries the names of places that have given way."""
    return "streams"
