"""How many pictures wait to be processed; more than can be worked off soon are not let in."""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping

from shared.errors import Overloaded, Unavailable
from shared.jobs.queue_length import count_waiting
from shared.sharding.shard_group import ShardGroup

# Between two looks at the queues a process counts what it lets in itself.
_LOOK_AGAIN_S = 1.0
_RETRY_AFTER_S = 10


class QueueIsFull(Overloaded):
    """So many pictures wait already that another one would wait too long."""

    title = "Many pictures are waiting to be processed; send it again in a moment."


class Backlog:
    """The waiting jobs of all primaries, by name, and how many of each may wait."""

    def __init__(self, group: ShardGroup, waiting_max: Mapping[str, int]) -> None:
        self._group = group
        self._waiting_max = dict(waiting_max)
        self._waiting: Counter[str] = Counter()
        self._looked_at_s = float("-inf")
        self._looking = asyncio.Lock()

    async def admit(self, job: str) -> None:
        """Let one more in; raises QueueIsFull.

        Exact but for what the other replicas let in within the last second.
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
            # What is sent to its shards is refused by itself, and the others go on.
            return Counter()
