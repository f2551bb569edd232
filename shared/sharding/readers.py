"""Reads of the shards of a group: of one, or across, from a primary or a replica."""

import asyncio
from collections.abc import Coroutine, Iterable, Iterator, Sequence
from typing import Any

from asyncpg import Record

from shared.deadlines import deadline_within
from shared.errors import DeadlineExceeded, Overloaded, Unavailable
from shared.logs import get_logger
from shared.sharding.connections import command_seconds
from shared.sharding.database_faults import DRIVER_ERRORS, NOT_HERE, ShardMoved
from shared.sharding.placement import Placement
from shared.sharding.pool_metrics import STAND_IN_READS
from shared.sharding.reader import Reader
from shared.sharding.shard_map import Primary, ShardMap, schema_of
from shared.sharding.union_statement import statement_over, union_over
from shared.sql_files import Query

# To get a primary's connections ready takes half a second where nothing else goes on.
WARM_UP_SECONDS_MAX = 6.0

log = get_logger()


class Readers(Placement):
    """Reads wherever the shards live; a replica stands in for a primary that is away."""

    def reader(self, shard: int, *, lag_ms_max: int = 0, stand_in: bool = True) -> Reader:
        """Reads of one shard.

        Without a lag allowed, of the primary: for decisions and for what the asker has just
        written. Otherwise a replica may answer that is known to be no further behind. With
        `stand_in` False no replica answers for a primary that is away.
        """

        async def fetch(sql: str, arguments: Sequence[object]) -> list[Record]:
            if lag_ms_max > 0:
                rows = await self._fetch_from_replica(shard, lag_ms_max, sql, arguments)
                if rows is not None:
                    return rows
            return await self._fetch_from_primary(shard, sql, arguments, stand_in=stand_in)

        return Reader(shard, fetch)

    async def rows_across(
        self,
        query: Query,
        shards: Iterable[int],
        *,
        first_by: str | None = None,
        stand_in: bool = True,
        **values: object,
    ) -> list[Record]:
        """The rows of a query in several shards, in no order: one statement per primary.

        Each shard gets all the values, so a query selects by ids, of which a shard has its own.
        Where it has a `limit`, that is each shard's own; with `first_by`, the columns by which the
        query orders its rows, it is also each primary's. `stand_in` is as for `reader`.
        """
        wanted = set(shards)
        for _attempt in range(2):
            current = self.current()
            try:
                parts = self._parts(current, query, wanted, values, first_by)
                return await _gathered([self._read(*part, stand_in=stand_in) for part in parts])
            except NOT_HERE as error:
                # The statement names all shards of a primary, those too that nobody asked for.
                homes = {current.primary_by_shard[shard].name for shard in wanted}
                named = {shard for home in homes for shard in current.shards_on(home)}
                await self.await_move(current, named, error)
        raise ShardMoved(retry_after_s=1)

    async def warm_up(self, *, of_one: Sequence[Query], across: Sequence[Query] = ()) -> None:
        """Prepare what is read of one shard, and across shards, before anybody waits for it.

        To run a read without any value does it: nothing is found. What is read of one shard is
        prepared on one connection only: there are many such statements, and each costs whoever
        needs it elsewhere a millisecond. A primary that is away, or slow, is left as it is.
        """
        for primary in self.primaries():
            here = self.shards_on(primary.name)
            of_each_shard = [
                (read.for_schema(schema_of(shard)), len(read.parameters))
                for read in of_one
                for shard in here
            ]
            of_all = [(union_over(read, here), len(read.parameters) + 1) for read in across]
            try:
                async with asyncio.timeout(WARM_UP_SECONDS_MAX):
                    await self.node(primary.address).warm_up(of_all, of_each_shard)
            except (Unavailable, *DRIVER_ERRORS) as error:  # One that is too late is an OSError.
                log.warning("not warmed up", primary=primary.name, reason=repr(error))

    def _parts(
        self,
        current: ShardMap,
        query: Query,
        wanted: set[int],
        values: dict[str, object],
        first_by: str | None,
    ) -> Iterator[tuple[Primary, str, list[object]]]:
        for name in sorted({current.primary_by_shard[shard].name for shard in wanted}):
            here = current.shards_on(name)
            chosen = [shard for shard in here if shard in wanted]
            statement, arguments = statement_over(query, here, chosen, values, first_by)
            yield current.primaries[name], statement, arguments

    async def _fetch_from_primary(
        self, shard: int, sql: str, arguments: Sequence[object], *, stand_in: bool
    ) -> list[Record]:
        current = self.current()
        primary = current.primary_by_shard[shard]
        try:
            return await self._read(primary, sql, arguments, stand_in=stand_in)
        except NOT_HERE as error:
            await self.await_move(current, {shard}, error)
        return await self.primary_node(shard).fetch(sql, arguments)

    async def _read(
        self, primary: Primary, sql: str, arguments: Sequence[object], *, stand_in: bool
    ) -> list[Record]:
        """From the primary; while it is away from a replica, which is as good: nothing is written.

        Half a second of writes at most may be missing until the primary is back.
        """
        lag = self.lag_of(primary)
        try:
            return await self.node(primary.address).fetch(sql, arguments)
        except (Overloaded, DeadlineExceeded):
            raise
        except Unavailable as away:
            replica = lag.stand_in() if stand_in else None
            if replica is None:
                raise
            STAND_IN_READS.labels(self.name, replica.name).inc()
            try:
                return await replica.fetch(sql, arguments)
            except Unavailable:
                # It is away as well, or the statement takes an id, which is a write.
                raise away from None

    async def _fetch_from_replica(
        self, shard: int, lag_ms_max: int, sql: str, arguments: Sequence[object]
    ) -> list[Record] | None:
        primary = self.current().primary_by_shard[shard]
        replica = self.lag_of(primary).fresh_replica(lag_ms_max)
        if replica is None:
            return None
        try:
            # One that hangs leaves the primary as much time as it had itself.
            with deadline_within(command_seconds() * 1000 / 2):
                return await replica.fetch(sql, arguments)
        except (Unavailable, *NOT_HERE):
            # The primary can answer as well; the replica's pool has counted the fault.
            return None


async def _gathered(parts: Sequence[Coroutine[Any, Any, list[Record]]]) -> list[Record]:
    if len(parts) == 1:
        return await parts[0]
    return [row for rows in await asyncio.gather(*parts) for row in rows]
