"""Who has just changed something about themselves or others: what was known of them before is void.

A decision of a moment ago may be used on, and while users does not answer one of half a minute ago,
but none that its people have changed meanwhile through whichever gateway.
"""

import time
from collections.abc import Collection

from prometheus_client import Counter

from shared.network.redis_pipe import PipeDown, RedisPipe

# The longest that a write may take, and what the clocks of two gateways may differ by.
_UNTIL_DONE_S = 12.0
# Longer than any old answer is used, and a write besides.
_KEPT_MS = 75_000

_NOT_NOTED = Counter(
    "retrato_gateway_changes_not_noted_total",
    "Changes that other gateways learn of some seconds late, as Redis was away.",
)


class RecentChanges:
    """Of people, by their ids."""

    def __init__(self, pipe: RedisPipe) -> None:
        self._pipe = pipe

    async def note(self, user_id: int) -> None:
        """This person begins to change something that users decides."""
        done_s = time.time() + _UNTIL_DONE_S
        try:
            await self._pipe.ask("SET", _key(user_id), f"{done_s:.3f}", "PX", _KEPT_MS)
        except PipeDown:
            # While Redis is away nothing old is used: it would have to be back within seconds.
            _NOT_NOTED.inc()

    async def void_before_s(self, user_ids: Collection[int]) -> dict[int, float]:
        """The moment, in Unix time, before which what was decided about each of them is void.

        Raises PipeDown, and then nothing old can be trusted.
        """
        ids = list(user_ids)
        found = await self._pipe.ask("MGET", *(_key(user_id) for user_id in ids))
        return {user_id: float(done_s or 0) for user_id, done_s in zip(ids, found, strict=True)}


def _key(user_id: int) -> str:
    """When the last change will be done, in Unix time; 75 seconds."""
    return f"changed:{user_id}"
