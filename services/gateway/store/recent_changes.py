"""Who has just changed something about themselves or about others: what was known of them is void.

Only asked for while users does not answer: then a decision of half a minute ago may be used on,
but not one that its people have changed meanwhile through whichever gateway.
"""

from collections.abc import Collection

from prometheus_client import Counter

from services.gateway.store.redis_pipe import PipeDown, RedisPipe

# An old answer is used for at most a minute, and a change takes at most 10 s.
KEPT_MS = 75_000

_NOT_NOTED = Counter(
    "retrato_gateway_changes_not_noted_total",
    "Changes that other gateways would not learn of if users went away now, as Redis was away.",
)


class RecentChanges:
    """Of people, by their ids."""

    def __init__(self, pipe: RedisPipe) -> None:
        self._pipe = pipe

    async def note(self, user_id: int) -> None:
        """This person begins to change something that users decides."""
        try:
            await self._pipe.ask("SET", _key(user_id), 1, "PX", KEPT_MS)
        except PipeDown:
            # Two parts would have to fail within a minute for it to matter.
            _NOT_NOTED.inc()

    async def among(self, user_ids: Collection[int]) -> set[int]:
        """Those of them who have; raises PipeDown, and then nothing old can be trusted."""
        ids = list(user_ids)
        found = await self._pipe.ask("MGET", *(_key(user_id) for user_id in ids))
        return {user_id for user_id, mark in zip(ids, found, strict=True) if mark is not None}


def _key(user_id: int) -> str:
    """A mark; 75 seconds."""
    return f"changed:{user_id}"
