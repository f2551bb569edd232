"""Mirrors fresh changes of edges in batches, so that many at once to one node do not queue up."""

import asyncio
from collections import defaultdict
from contextvars import Context
from dataclasses import dataclass, field
from pathlib import Path

from shared.deadlines import start_deadline
from shared.edges.mirror import EdgeChange, EdgeMirror
from shared.errors import Unavailable
from shared.sharding.shard_group import ShardGroup
from shared.sql_files import load_queries

_SQL = load_queries(Path(__file__).with_name("edges.sql"))

# What waits longer is the relay's: it has the same event from the outbox.
MIRROR_MS_MAX = 500
BATCH_MAX = 500


@dataclass(frozen=True, slots=True)
class _Fresh:
    """A change that was just committed, and where its event waits in the outbox."""

    change: EdgeChange
    shard: int
    position: int
    done: asyncio.Future[None] = field(compare=False)


class EdgeBatches:
    """One transaction at a time for each shard in which edges end; who comes meanwhile waits.

    The count of a node is one row, locked until the commit: a hundred likes a second of one post,
    each with a transaction of its own, would hold a hundred connections in a queue for it. Like
    this the row is locked once a batch, and nobody waits for more than two of them.
    """

    def __init__(self, group: ShardGroup) -> None:
        self._group = group
        self._mirror = EdgeMirror(group)
        self._waiting: dict[int, list[_Fresh]] = defaultdict(list)
        self._runs: dict[int, asyncio.Task[None]] = {}

    async def mirror(self, change: EdgeChange, shard: int, position: int) -> None:
        """Apply a change committed in `shard`, and forget its event; raises Unavailable."""
        ending = self._group.shard_of(change.dst)
        fresh = _Fresh(change, shard, position, asyncio.get_running_loop().create_future())
        self._waiting[ending].append(fresh)
        if ending not in self._runs:
            # Without the context of this request: others wait for the same run.
            self._runs[ending] = asyncio.create_task(self._run(ending), context=Context())
        try:
            async with asyncio.timeout(MIRROR_MS_MAX / 1000):
                await fresh.done
        except TimeoutError as error:
            raise Unavailable("Others see this change a moment later.") from error

    async def _run(self, ending: int) -> None:
        try:
            while self._waiting[ending]:
                waiting = self._waiting[ending]
                self._waiting[ending] = waiting[BATCH_MAX:]
                # Who gave up has left the event to the relay.
                batch = [fresh for fresh in waiting[:BATCH_MAX] if not fresh.done.done()]
                await self._carry_out(ending, batch)
        finally:
            del self._runs[ending], self._waiting[ending]

    async def _carry_out(self, ending: int, batch: list[_Fresh]) -> None:
        if not batch:
            return
        error: Unavailable | None = Unavailable("The other side of an edge could not be written.")
        try:
            start_deadline(2 * MIRROR_MS_MAX)
            await self._mirror.apply(ending, [fresh.change for fresh in batch])
            await self._forget_events(batch)
            error = None
        except Unavailable as away:
            error = away
        finally:
            _end(batch, error)

    async def _forget_events(self, batch: list[_Fresh]) -> None:
        by_shard: dict[int, list[int]] = defaultdict(list)
        for fresh in batch:
            by_shard[fresh.shard].append(fresh.position)
        await asyncio.gather(
            *(
                self._group.reader(shard).rows(_SQL["forget_events"], positions=positions)
                for shard, positions in by_shard.items()
            )
        )


def _end(batch: list[_Fresh], error: Exception | None) -> None:
    for fresh in batch:
        if fresh.done.done():
            continue
        if error is None:
            fresh.done.set_result(None)
        else:
            fresh.done.set_exception(error)
