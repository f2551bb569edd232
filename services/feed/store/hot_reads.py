"""The reads of Redis that every page needs: they share one connection, and so what a send costs."""

from collections.abc import Sequence
from typing import cast

from shared.caching.redis_guard import RedisGuard
from shared.caching.redis_pipe import RedisPipe

# As long as a client of the other commands waits. Less would take a Redis that is busy for a moment
# for one that is gone, and give Postgres its work.
SILENT_LOOKS_MAX = 6


class HotReads:
    """One for the process; every method raises RedisAway if Redis does not answer."""

    def __init__(self, pipe: RedisPipe, guard: RedisGuard) -> None:
        self._pipe = pipe
        self._guard = guard

    async def values(self, keys: Sequence[str]) -> list[bytes | None]:
        """The strings at these keys, None where there is none."""
        with self._guard.calls():
            return cast(list[bytes | None], await self._pipe.ask("MGET", *keys))

    async def lists(self, keys: Sequence[str]) -> list[list[bytes]]:
        """The whole lists at these keys, in one round trip; empty where there is none."""
        with self._guard.calls():
            return await self._pipe.ask_all([("LRANGE", key, 0, -1) for key in keys])
