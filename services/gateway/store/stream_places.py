"""Which streams of events a viewer has, through whichever gateways: a bounded number of places."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from services.gateway.domain.stream import STANDS_MS, STREAMS_MAX
from shared.caching.redis_pipe import Command, PipeDown, RedisPipe, Subscription

# Gateways hold their places anew every 30 s: those of a gateway that died are free soon after.
KEPT_MS = 75_000
# The pipe is shared with what every request asks: it is never filled.
_BATCH_MAX = 100

# One step in Redis, so that however many come at once, no more than `most` stand. The oldest gives
# way and its gateway hears of it; answers 0 if even the oldest has come too lately for that. Names
# of places begin with when they were taken, in digits of equal number.
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
    """Of one stream; `name` begins with when it was taken (see `domain/stream.py`)."""

    viewer_id: int
    name: str


class StreamPlaces:
    """Over the pipe that it is given; what Redis has lost is held anew by those who are there."""

    def __init__(self, pipe: RedisPipe) -> None:
        self._pipe = pipe
        self._left: list[Place] = []
        self._flushing: asyncio.Task[None] | None = None

    def listen(self, on_lost: Callable[[str], None]) -> None:
        """Hear the names of places that had to give way, also those of other gateways."""
        self._pipe.listen(
            Subscription(
                channel=_channel(),
                # A name that was missed is found when its place is held anew.
                catch_up=("PING",),
                on_caught_up=lambda _pong: None,
                on_message=lambda name: on_lost(name.decode()),
            )
        )

    async def hold(self, places: Sequence[Place]) -> list[bool]:
        """Take places, or go on having them: which of them are held. Raises PipeDown."""
        held: list[bool] = []
        for start in range(0, len(places), _BATCH_MAX):
            batch = [_hold(place) for place in places[start : start + _BATCH_MAX]]
            held += map(bool, await self._pipe.ask_all(batch))
        return held

    def release(self, place: Place) -> None:
        """Let it go, in a moment; while Redis is away it goes by itself."""
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
    """ZSET of the places of a viewer by until when they are held, in Unix ms.

    Bound: 8 places; 75 s after the last one was held.
    """
    return f"streams:{viewer_id}"


def _channel() -> str:
    """The names of places that have given way."""
    return "streams"
