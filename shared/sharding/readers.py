"""Reads from one shard or across shards, on primaries or replicas."""

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

# On an idle machine a primary's connections are ready after half a second.
WARM_UP_SECONDS_MAX = 6.0

log = get_logger()


class Readers(Placement):
    """Reads shards wherever they are; a replica stands in for an unreachable primary."""

    def reader(self, shard: int, *, lag_ms_max: int = 0, stand_in: bool = True) -> Reader:
        """Return a reader of one shard.

        By default it reads the primary, as decisions and read-your-writes need. With `lag_ms_max`
        it may read a replica that is known to lag no more than that. With `stand_in` False no
        replica answers for an unreachable primary.
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
        """Return a query's rows from several shards, unordered; one statement per primary.

        Each shard gets all values and finds its own rows among them. A `limit` applies per shard.
        With `first_by`, the columns by which the query orders its rows, the limit also applies per
        primary. `stand_in` is as for `reader`.
        """
        wanted = set(shards)
        for _attempt in range(2):
            current = self.current()
            try:
                parts = self._parts(current, query, wanted, values, first_by)
                return await _gathered([self._read(*part, stand_in=stand_in) for part in parts])
            except NOT_HERE as error:
                # The statement names all shards of a primary, so an unwanted one may have moved.
                homes = {current.primary_by_shard[shard].name for shard in wanted}
                named = {shard for home in homes for shard in current.shards_on(home)}
                await self.await_move(current, named, error)
        raise ShardMoved(retry_after_s=1)

    async def warm_up(self, *, of_one: Sequence[Query], across: Sequence[Query] = ()) -> None:
        """Prepare reads of one shard and across shards before requests need them.

        Running a read with NULL for all values prepares it and finds nothing. Reads of one shard
        are prepared on one connection only, because there are many; elsewhere the first use
        prepares them. An unreachable or slow primary is skipped.
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
                    await self.pool_of(primary).warm_up(of_all, of_each_shard)
            except (Unavailable, *DRIVER_ERRORS) as error:  # A timeout is an OSError.
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
        """Read from the primary or, while it is unreachable, from a replica that stands in.

        The replica may lack the last half second of writes, the interval between two samples.
        """
        lag = self.lag_of(primary)
        try:
            return await self.pool_of(primary).fetch(sql, arguments)
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
                # The replica is unreachable too, or the statement takes an id, which is a write.
                raise away from None

    async def _fetch_from_replica(
        self, shard: int, lag_ms_max: int, sql: str, arguments: Sequence[object]
    ) -> list[Record] | None:
        primary = self.current().primary_by_shard[shard]
        replica = self.lag_of(primary).fresh_replica(lag_ms_max)
        if replica is None:
            return None
        try:
            # A replica that hangs leaves half of the time to the primary.
            with deadline_within(command_seconds() * 1000 / 2):
                return await replica.fetch(sql, arguments)
        except (Unavailable, *NOT_HERE):
            # The primary answers instead; the replica's pool has counted the fault.
            return None


async def _gathered(parts: Sequence[Coroutine[Any, Any, list[Record]]]) -> list[Record]:
    if len(parts) == 1:
        return await parts[0]
    return [row for rows in await asyncio.gather(*parts) for row in rows]
