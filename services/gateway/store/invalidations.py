"""Who has just changed something about themselves or others: what was known of them before is void.

A decision of a moment ago may be used on, and while users does not answer one of half a minute ago,
but none that its people have changed meanwhile through whichever gateway.
"""

import time
from collections.abc import Mapping

from prometheus_client import Counter

from shared.caching.redis_pipe import PipeDown, RedisPipe, Subscription

# The longest that a write may take, and what the clocks of two gateways may differ by.
_UNTIL_DONE_S = 12.0
# Longer than any old answer is used, and a write besides.
_KEPT_S = 75

_NOT_NOTED = Counter(
    "retrato_gateway_changes_not_noted_total",
    "Changes that other gateways learn of some seconds late, as Redis was away.",
)


class Invalidations:
    """Of people, by their ids; heard over the pipe that it is given, and known without asking.

    What had been noted before anything was asked over this very pipe is known when the reply is
    here: each request is counted over it first.
    """

    def __init__(self, pipe: RedisPipe) -> None:
        self._pipe = pipe
        # Person → when the last change will be done, in Unix time; the latest heard at the end.
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
        """This person begins to change something that users decides."""
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
            # While Redis is away nothing old is used: it would have to be back within seconds.
            _NOT_NOTED.inc()

    def void_before_s(self) -> Mapping[int, float]:
        """The moment, in Unix time, before which what was decided about somebody is void.

        Who has changed nothing is not in it. Raises PipeDown, and then nothing old can be trusted.
        """
        if not self._pipe.has_caught_up:
            raise PipeDown
        return self._done_s

    def _hear(self, message: bytes) -> None:
        # By the own clock: a message takes no time to speak of.
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
    """People by when their last change will be done, in Unix time; 75 seconds."""
    return "changed"


def _channel() -> str:
    """The ids of people, each as soon as they begin to change something."""
    return "changes"
