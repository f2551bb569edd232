"""What a Redis that does not answer means to its stores: a quick fault, not a slow one."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import Counter
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from shared.caching.redis_pipe import PipeDown
from shared.errors import Unavailable

# Long enough that one silent Redis costs a request one timeout and not one per command, short
# enough that a restarted one is used again at once.
PAUSE_S = 0.5

FAULTS = Counter("retrato_redis_faults_total", "Commands of Redis that failed.", ["kind"])


class RedisAway(Unavailable):
    """Redis cannot be used at the moment; all that it holds is also elsewhere."""

    title = "A cache does not answer at the moment."


class RedisGuard:
    """Turns the client's errors into RedisAway and, after one, refuses for a moment without trying.

    One per process, shared by all stores of that Redis.
    """

    def __init__(self, pause_s: float = PAUSE_S) -> None:
        self._pause_s = pause_s
        self._closed_until_s = 0.0

    @contextmanager
    def calls(self) -> Iterator[None]:
        """Around commands; raises RedisAway."""
        if time.monotonic() < self._closed_until_s:
            FAULTS.labels("paused").inc()
            raise RedisAway(retry_after_s=1)
        try:
            yield
        except PipeDown as error:
            # It says so without having waited, or together with all who have.
            FAULTS.labels("unreachable").inc()
            raise RedisAway(retry_after_s=1) from error
        except (RedisConnectionError, RedisTimeoutError, OSError) as error:
            self._closed_until_s = time.monotonic() + self._pause_s
            FAULTS.labels("unreachable").inc()
            raise RedisAway(retry_after_s=1) from error
        except RedisError as error:
            # It answers, but cannot do this now: loading its data, full, or read-only.
            FAULTS.labels("refused").inc()
            raise RedisAway(retry_after_s=1) from error
