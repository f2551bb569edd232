"""Writes edges, and the counts that follow, into the shards of their targets."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.errors import Unavailable
from shared.sharding.outbox import OutboxEvent, PartlyDelivered
from shared.sharding.shard_group import EdgeEnds, ShardGroup
from shared.sql_files import load_queries

_SQL = load_queries(Path(__file__).with_name("edges.sql"))

# The outbox topic of all edges of a group.
TOPIC = "edge"

_SHARDS_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class EdgeChange:
    """The new state of one edge; `version` grows with each of its changes."""

    kind: str
    src: int
    dst: int
    state: str
    version: int


class EdgeMirror:
    """Applies changes in the targets' shards; order and repetition do not change the result."""

    def __init__(self, group: ShardGroup) -> None:
        self._group = group

    async def apply(self, shard: int, changes: Sequence[EdgeChange]) -> None:
        """Write changes that all end in `shard`, with the counts that follow.

        Raises Unavailable. That may mean that the write succeeded but the caches were not told.
        """
        async with self._group.writer(shard) as tx:
            await tx.execute(
                _SQL["mirror_edges"],
                kinds=[change.kind for change in changes],
                dsts=[change.dst for change in changes],
                srcs=[change.src for change in changes],
                states=[change.state for change in changes],
                versions=[change.version for change in changes],
            )
        ends = {EdgeEnds(change.kind, change.src, change.dst) for change in changes}
        await self._group.say_changed(ends)

    async def deliver(self, events: list[OutboxEvent]) -> None:
        """Handle events of the relay with one statement per target shard.

        Raises PartlyDelivered with the events whose shard cannot be reached.
        """
        by_shard: dict[int, list[OutboxEvent]] = defaultdict(list)
        for event in events:
            by_shard[self._group.shard_of(event.payload["dst"])].append(event)
        gate = asyncio.Semaphore(_SHARDS_AT_ONCE)
        undelivered: list[OutboxEvent] = []

        async def deliver_to(shard: int, ending_there: list[OutboxEvent]) -> None:
            async with gate:
                try:
                    await self.apply(shard, [_change(event.payload) for event in ending_there])
                except Unavailable:
                    undelivered.extend(ending_there)

        async with asyncio.TaskGroup() as tasks:
            for shard, ending_there in by_shard.items():
                tasks.create_task(deliver_to(shard, ending_there))
        if undelivered:
            raise PartlyDelivered(undelivered)


def _change(payload: dict[str, Any]) -> EdgeChange:
    return EdgeChange(
        payload["kind"], payload["src"], payload["dst"], payload["state"], payload["version"]
    )
