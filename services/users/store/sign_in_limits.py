"""Counts of sign-in tries and failures: exact in Redis, approximate while it is away."""

import hashlib
import secrets
import time
from typing import cast

from prometheus_client import Counter
from redis import RedisError
from redis import asyncio as aioredis

from services.users.domain.sign_in_limits import GUESS_LIMITS, GuessLimits, Limit
from services.users.store.local_windows import LocalWindows

LIMITED_LOCALLY = Counter(
    "retrato_users_sign_ins_limited_locally_total",
    "Sign-in counts made by one process alone, because Redis did not answer.",
)

# After a failure Redis rests for a moment: a hanging one would cost every try a timeout.
PAUSE_S = 1.0

# One step in Redis: exactly the limit passes, however many tries compete. Redis's own clock serves
# all processes.
_TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local window_ms = tonumber(ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - window_ms)
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[1]) then
    local oldest = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
    return math.max(1, tonumber(oldest[2]) + window_ms - now)
end
redis.call('ZADD', KEYS[1], now, ARGV[3])
redis.call('PEXPIRE', KEYS[1], window_ms)
return 0
"""


class SignInLimits:
    """Sliding windows by address, by name and by account.

    A failure is counted before the password is verified and removed after a success. If it were
    counted afterwards, many concurrent guesses would all pass.
    """

    def __init__(self, redis: aioredis.Redis, limits: GuessLimits = GUESS_LIMITS) -> None:
        self.limits = limits
        self._redis = redis
        self._take_script = redis.register_script(_TAKE)
        self._local = LocalWindows()
        self._asked_again_s = 0.0

    async def take_try(self, source: str) -> int:
        """Milliseconds until the address may try again; 0 if this try was counted."""
        return await self._take(
            _tries_key(source), self.limits.tries_of_address, secrets.token_hex(8)
        )

    async def take_failure(self, whose: str, limit: Limit, guess: str) -> int:
        """Milliseconds until a guess is allowed; 0 if this one was counted as a failure."""
        return await self._take(_failures_key(whose), limit, guess)

    async def give_failure_back(self, whose: str, guess: str) -> None:
        """Remove the count of a guess that was right or not judged."""
        key = _failures_key(whose)
        self._local.give_back(key, guess)
        if time.monotonic() < self._asked_again_s:
            return
        try:
            await self._redis.zrem(key, guess)
        except RedisError:
            self._pause()

    async def _take(self, key: str, limit: Limit, member: str) -> int:
        if time.monotonic() >= self._asked_again_s:
            try:
                wait_ms = await self._take_script(
                    keys=[key], args=[limit.times_max, limit.window_ms, member]
                )
                return int(cast(int, wait_ms))
            except RedisError:
                self._pause()
        LIMITED_LOCALLY.inc()
        return self._local.take(key, limit, member)

    def _pause(self) -> None:
        self._asked_again_s = time.monotonic() + PAUSE_S


def _tries_key(source: str) -> str:
    """ZSET of random members by time in ms. Bound: 25 members; lives for 5 minutes."""
    return f"sign_in_tries:{source}"


def _failures_key(whose: str) -> str:
    """ZSET of guesses by time in ms. Bound: 100 members; lives for an hour.

    The name is hashed, because people sometimes type a password there.
    """
    return f"sign_in_failures:{hashlib.blake2b(whose.encode(), digest_size=16).hexdigest()}"
