"""What callers have used of their limits: exact in Redis, approximate while it is away."""

import hashlib
from collections.abc import Mapping
from typing import cast

from prometheus_client import Counter

from services.gateway.domain.limits import Limit, Partition, RateLimitState
from services.gateway.store.local_counters import LocalCounters
from shared.caching.redis_pipe import PipeDown, RedisPipe

_LOCAL = Counter(
    "retrato_gateway_limits_counted_locally_total",
    "Requests counted by one process alone, because Redis did not answer.",
)

# One step in Redis for all limits of a request: exactly the quota passes, even if many requests and
# gateways compete. Redis's own clock serves all gateways. If one limit refuses, none counts the
# request. It returns the room left under each limit, in µs; below zero it is the time to wait.
TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local kept = redis.call('MGET', unpack(KEYS))
local rooms, full_at, refused = {}, {}, false
for i = 1, #KEYS do
    local interval, window = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
    full_at[i] = math.max(tonumber(kept[i] or 0), now) + interval
    rooms[i] = now + window - full_at[i]
    refused = refused or rooms[i] < 0
end
if not refused then
    for i = 1, #KEYS do
        local until_full_ms = math.ceil((full_at[i] - now) / 1000)
        redis.call('SET', KEYS[i], string.format('%.0f', full_at[i]), 'PX', until_full_ms)
    end
end
return rooms
"""
# Redis identifies a loaded script by this digest.
_TAKE_SHA1 = hashlib.sha1(TAKE.encode(), usedforsecurity=False).hexdigest()


class LimitCounters:
    """Counts over a pipe whose prelude has loaded the script."""

    def __init__(self, pipe: RedisPipe) -> None:
        self._pipe = pipe
        self._local = LocalCounters()

    async def take(self, callers: Mapping[Limit, str]) -> list[RateLimitState]:
        """Count one request per limit, each with its caller; if one refuses, none counts."""
        limits = list(callers)
        keys = [_key(limit, who) for limit, who in callers.items()]
        numbers = [n for limit in limits for n in (limit.interval_us, limit.window_us)]
        try:
            reply = await self._pipe.ask("EVALSHA", _TAKE_SHA1, len(keys), *keys, *numbers)
            lefts_us = cast(list[int], reply)
        except PipeDown:
            # The limits hold without Redis: each process then counts for itself.
            _LOCAL.inc()
            lefts_us = self._local.take(keys, limits)
        return [
            RateLimitState(limit, left_us) for limit, left_us in zip(limits, lefts_us, strict=True)
        ]


def _key(limit: Limit, who: str) -> str:
    """STRING: the time when the bucket is full, in µs since 1970 by Redis's clock; it expires then.

    Tokens are hashed: a reader of this Redis cannot act for anybody.
    """
    if limit.partition is Partition.SESSION:
        who = hashlib.blake2b(who.encode(), digest_size=12).hexdigest()
    return f"limit:{limit.name}:{who}"
