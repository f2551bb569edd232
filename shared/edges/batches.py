"""Mirrors fresh edge changes in batches, so that many changes to one node share a row lock."""

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

# A caller waits no longer than this: the relay delivers the same event from the outbox.
MIRROR_MS_MAX = 500
BATCH_MAX = 500


@dataclass(frozen=True, slots=True)
class _Fresh:
    """A committed change, and the shard and position of its event in the outbox."""

    change: EdgeChange
    shard: int
    position: int
    done: asyncio.Future[None] = field(compare=False)


class EdgeBatches:
    """Runs one transaction at a time per target shard; changes that arrive meanwhile batch up.

    The count of a node is one row, locked until the commit. With a transaction per like, a hundred
    likes a second of one post would hold a hundred connections in a queue for that row. A batch
    locks the row once.
    """

    def __init__(self, group: ShardGroup) -> None:
        self._group = group
        self._mirror = EdgeMirror(group)
        self._waiting: dict[int, list[_Fresh]] = defaultdict(list)
        self._runs: dict[int, asyncio.Task[None]] = {}

    async def mirror(self, change: EdgeChange, shard: int, position: int) -> None:
        """Mirror a change committed in `shard`, then delete its outbox event.

        Raises Unavailable if that fails or takes longer than MIRROR_MS_MAX.
        """
        ending = self._group.shard_of(change.dst)
        fresh = _Fresh(change, shard, position, asyncio.get_running_loop().create_future())
        self._waiting[ending].append(fresh)
        if ending not in self._runs:
            # An empty context: other requests share this run, so it must not have our deadline.
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
                # Callers that gave up have left their event to the relay.
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
