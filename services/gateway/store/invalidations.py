"""Which people have just changed something: remembered cards and sessions of theirs are void.

The gateway reuses decisions for seconds, and for up to a minute while users does not answer. A
decision older than a change by its people, through any gateway, is not reused.
"""

import time
from collections.abc import Mapping

from prometheus_client import Counter

from shared.caching.redis_pipe import PipeDown, RedisPipe, Subscription

# The longest that a write may take, plus the clock difference between two gateways.
_UNTIL_DONE_S = 12.0
# Longer than any old answer is used, plus a write.
_KEPT_S = 75

_NOT_NOTED = Counter(
    "retrato_gateway_changes_not_noted_total",
    "Changes that other gateways learn of late, because Redis was away.",
)


class Invalidations:
    """Changes by user id, heard over a Redis pipe and known here without a call.

    A reply over the same pipe arrives after all earlier invalidations. Each request is first
    counted over this pipe, so it knows them.
    """

    def __init__(self, pipe: RedisPipe) -> None:
        self._pipe = pipe
        # User id → when the last change will be done, in Unix time; the latest heard at the end.
        self._done_s: dict[int, float] = {}
        pipe.listen(
            Subscription(
                channel=_channel(),
                catch_up=("ZRANGE", _key(), 0, -1, "WITHSCORES"),
                on_caught_up=self._catch_up,
                on_message=self._hear,
            )
        )

    async def note(self, user_id: int) -> None:
        """Announce that this user begins to change something that users decides."""
        now_s = time.time()
        try:
            await self._pipe.ask_all(
                [
                    ("ZADD", _key(), f"{now_s + _UNTIL_DONE_S:.3f}", user_id),
                    ("ZREMRANGEBYSCORE", _key(), 0, f"{now_s + _UNTIL_DONE_S - _KEPT_S:.3f}"),
                    ("EXPIRE", _key(), _KEPT_S),
                    ("PUBLISH", _channel(), user_id),
                ]
            )
        except PipeDown:
            # Without Redis nothing old is reused; a stale card can show only if Redis returns
            # before it expires.
            _NOT_NOTED.inc()

    def void_before_s(self) -> Mapping[int, float]:
        """User id → the Unix time before which decisions about this user are void.

        Users without a change are absent. Raises PipeDown; nothing old can then be trusted.
        """
        if not self._pipe.has_caught_up:
            raise PipeDown
        return self._done_s

    def _hear(self, message: bytes) -> None:
        # By this process's clock: a message arrives almost at once.
        self._keep(int(message), time.time() + _UNTIL_DONE_S)

    def _catch_up(self, noted: list[tuple[bytes, float]]) -> None:
        for user_id, done_s in noted:
            self._keep(int(user_id), done_s)

    def _keep(self, user_id: int, done_s: float) -> None:
        self._done_s[user_id] = max(self._done_s.pop(user_id, 0.0), done_s)
        forgotten_s = time.time() + _UNTIL_DONE_S - _KEPT_S
        while (oldest := next(iter(self._done_s))) != user_id:
            if self._done_s[oldest] >= forgotten_s:
                break
            del self._done_s[oldest]


def _key() -> str:
    """ZSET of user ids by the Unix time when their last change will be done; lives for 75 s."""
    return "changed"


def _channel() -> str:
    """Carries the id of each user who begins to change something."""
    return "changes"
