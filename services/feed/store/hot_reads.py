"""The Redis reads of every page; they share one connection and its sends."""

from collections.abc import Sequence
from typing import cast

from shared.caching.redis_guard import RedisGuard
from shared.caching.redis_pipe import RedisPipe

# As patient as the client of the other commands. With less, a Redis busy for a moment would count
# as gone and Postgres would get its reads.
SILENT_LOOKS_MAX = 6


class HotReads:
    """One per process; every method raises RedisAway if Redis does not answer."""

    def __init__(self, pipe: RedisPipe, guard: RedisGuard) -> None:
        self._pipe = pipe
        self._guard = guard

    async def values(self, keys: Sequence[str]) -> list[bytes | None]:
        """The strings at these keys; None where there is none."""
        with self._guard.calls():
            return cast(list[bytes | None], await self._pipe.ask("MGET", *keys))

    async def lists(self, keys: Sequence[str]) -> list[list[bytes]]:
        """The whole lists at these keys, in one round trip; empty where there is none."""
        with self._guard.calls():
            return await self._pipe.ask_all([("LRANGE", key, 0, -1) for key in keys])
