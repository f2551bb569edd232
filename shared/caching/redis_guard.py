"""Makes a Redis that does not answer fail quickly for its stores."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import Counter
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from shared.caching.redis_pipe import PipeDown
from shared.errors import Unavailable

# Long enough that a silent Redis costs a request one timeout and not one per command. Short
# enough that a restarted Redis is used again soon.
PAUSE_S = 0.5

FAULTS = Counter("retrato_redis_faults_total", "Commands of Redis that failed.", ["kind"])


class RedisAway(Unavailable):
    """Redis cannot be used at the moment; the caller degrades."""

    title = "A cache does not answer at the moment."


class RedisGuard:
    """Turns the client's errors into RedisAway; after a lost connection it refuses for `pause_s`.

    All stores of one Redis in a process share one guard.
    """

    def __init__(self, pause_s: float = PAUSE_S) -> None:
        self._pause_s = pause_s
        self._closed_until_s = 0.0

    @contextmanager
    def calls(self) -> Iterator[None]:
        """Wrap commands; raises RedisAway, without trying during a pause."""
        if time.monotonic() < self._closed_until_s:
            FAULTS.labels("paused").inc()
            raise RedisAway(retry_after_s=1)
        try:
            yield
        except PipeDown as error:
            # No pause: the pipe fails at once, or fails all its waiters together.
            FAULTS.labels("unreachable").inc()
            raise RedisAway(retry_after_s=1) from error
        except (RedisConnectionError, RedisTimeoutError, OSError) as error:
            self._closed_until_s = time.monotonic() + self._pause_s
            FAULTS.labels("unreachable").inc()
            raise RedisAway(retry_after_s=1) from error
        except RedisError as error:
            # Redis answers, but cannot do this now: it is loading its data, full, or read-only.
            FAULTS.labels("refused").inc()
            raise RedisAway(retry_after_s=1) from error
