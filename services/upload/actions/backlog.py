"""Bounds the number of pictures that wait for processing; more are refused."""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping

from shared.errors import Overloaded, Unavailable
from shared.jobs.queue_length import count_waiting
from shared.sharding.shard_group import ShardGroup

# Between two polls of the queues, a process counts its own admissions.
_LOOK_AGAIN_S = 1.0
_RETRY_AFTER_S = 10


class QueueIsFull(Overloaded):
    """Another picture would wait too long behind those waiting already."""

    title = "Too many pictures are waiting to be processed; try again in a moment."


class Backlog:
    """The waiting jobs of all primaries by name, and the limit of each."""

    def __init__(self, group: ShardGroup, waiting_max: Mapping[str, int]) -> None:
        self._group = group
        self._waiting_max = dict(waiting_max)
        self._waiting: Counter[str] = Counter()
        self._looked_at_s = float("-inf")
        self._looking = asyncio.Lock()

    async def admit(self, job: str) -> None:
        """Admit one more; raises QueueIsFull.

        The count misses only what other replicas have admitted within the last second.
        """
        async with self._looking:
            if time.monotonic() - self._looked_at_s > _LOOK_AGAIN_S:
                await self._poll()
        if self._waiting[job] >= self._waiting_max[job]:
            raise QueueIsFull(retry_after_s=_RETRY_AFTER_S)
        self._waiting[job] += 1

    async def _poll(self) -> None:
        counts = await asyncio.gather(
            *(self._count_on(primary.name) for primary in self._group.primaries())
        )
        self._waiting = sum(counts, Counter())
        self._looked_at_s = time.monotonic()

    async def _count_on(self, primary: str) -> Counter[str]:
        try:
            node = self._group.primary_by_name(primary)
            return Counter(await count_waiting(node, self._waiting_max))
        except Unavailable:
            # Pictures for its shards fail by themselves, and the others continue.
            return Counter()
