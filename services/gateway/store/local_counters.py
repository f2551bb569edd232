"""Rate limits counted by one process alone, while Redis is away."""

import time
from collections import OrderedDict
from collections.abc import Sequence

from services.gateway.domain.limits import Limit

# About 150 bytes each. Beyond it, the bucket unused for longest starts afresh.
_BUCKETS_MAX = 50_000


class LocalCounters:
    """Each process allows the whole limit, so two of them allow at most twice as much."""

    def __init__(self, *, buckets_max: int = _BUCKETS_MAX) -> None:
        self._full_at_us: OrderedDict[str, int] = OrderedDict()
        self._buckets_max = buckets_max

    def take(self, keys: Sequence[str], limits: Sequence[Limit]) -> list[int]:
        """The same answer as the script of `LimitCounters`."""
        now_us = time.monotonic_ns() // 1_000
        full_at_us = [
            max(self._full_at_us.get(key, 0), now_us) + limit.interval_us
            for key, limit in zip(keys, limits, strict=True)
        ]
        lefts_us = [
            now_us + limit.window_us - at_us
            for limit, at_us in zip(limits, full_at_us, strict=True)
        ]
        if min(lefts_us) >= 0:
            for key, at_us in zip(keys, full_at_us, strict=True):
                self._keep(key, at_us)
        return lefts_us

    def _keep(self, key: str, at_us: int) -> None:
        self._full_at_us[key] = at_us
        self._full_at_us.move_to_end(key)
        while len(self._full_at_us) > self._buckets_max:
            self._full_at_us.popitem(last=False)
