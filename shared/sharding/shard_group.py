"""The shards of one service: where to read and write the rows of an owner."""

import asyncio
import time
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Coroutine,
    Iterable,
    Iterator,
    Sequence,
)
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from asyncpg import Record
from asyncpg.pool import PoolConnectionProxy

from shared.deadlines import deadline_within
from shared.errors import DeadlineExceeded, Overloaded, Unavailable
from shared.logs import get_logger
from shared.network.network import Network
from shared.settings import PostgresSettings
from shared.sharding.connections import PostgresLogin, command_seconds
from shared.sharding.database_faults import (
    DRIVER_ERRORS,
    NOT_HERE,
    ShardMoved,
    is_gone,
    is_lost_connection,
)
from shared.sharding.node_pool import NodePool
from shared.sharding.pool_metrics import SHARDS_MOVED, STAND_IN_READS
from shared.sharding.reader import Reader
from shared.sharding.replica_lag import ReplicaLag
from shared.sharding.shard_map import NodeAddress, Primary, ShardMap, ShardMapFile, schema_of
from shared.sharding.transaction import Transaction, begin, commit, roll_back
from shared.sharding.union_statement import statement_over, union_over
from shared.sharding.wake_ups import WakeUps
from shared.sql_files import Query

# Between the moment a shard leaves its primary and the moment the map says where it went.
MOVE_SECONDS_MAX = 3.0
_MOVE_POLL_SECONDS = 0.05

# To get a primary's connections ready takes half a second where nothing else goes on.
WARM_UP_SECONDS_MAX = 6.0

_SCHEMAS_HERE = "SELECT nspname FROM pg_namespace WHERE nspname = ANY($1::text[])"


log = get_logger()


class EdgeEnds(NamedTuple):
    """An edge of some kind, and the nodes that it leads from and to."""

    kind: str
    src: int
    dst: int


EdgeWatcher = Callable[[Collection[EdgeEnds]], Awaitable[None]]


class ShardGroup:
    """Knows each shard's primary, keeps a pool for each node, and follows shards that move."""

    def __init__(
        self, map_file: ShardMapFile, login: PostgresLogin, network: Network, pool_max: int
    ) -> None:
        self._map_file = map_file
        self._login = login
        self._network = network
        self._pool_max = pool_max
        self._nodes: dict[NodeAddress, NodePool] = {}
        self._lags: dict[NodeAddress, ReplicaLag] = {}
        self.wake_ups = WakeUps()
        # Told which edges have changed: once that is committed where they begin, and again, until
        # it raises nothing, once it is where they end.
        self.edge_watchers: list[EdgeWatcher] = []
        self.name = map_file.current().group
        self.shard_count = map_file.current().shard_count

    async def say_changed(self, edges: Collection[EdgeEnds]) -> None:
        """Tell who watches edges that these have changed; raises Unavailable if they cannot act."""
        for watcher in self.edge_watchers:
            await watcher(edges)

    def shard_of(self, owner_or_item_id: int) -> int:
        """The shard of a user's rows in this group, or of an item made in that user's shard."""
        return self._map_file.current().shard_of(owner_or_item_id)

    def shards(self) -> range:
        """All logical shards."""
        return range(self.shard_count)

    def primaries(self) -> list[Primary]:
        """The primaries of the present map."""
        return list(self._map_file.current().primaries.values())

    def shards_on(self, primary: str) -> tuple[int, ...]:
        """The shards that a primary holds by the present map."""
        return self._map_file.current().shards_on(primary)

    def watch_replicas(self) -> None:
        """Begin to look at all of them now: one that was never seen cannot stand in."""
        for primary in self.primaries():
            self._lag_of(primary)

    def node(self, address: NodeAddress) -> NodePool:
        """The pool of a node; made when it is first asked for, opened when it is first used."""
        pool = self._nodes.get(address)
        if pool is None:
            pool = NodePool(self.name, address, self._login, self._network, self._pool_max)
            self._nodes[address] = pool
        return pool

    def primary_by_name(self, name: str) -> NodePool:
        """The pool of a primary; raises Unavailable if the map no longer has it."""
        primary = self._map_file.current().primaries.get(name)
        if primary is None:
            raise Unavailable(f"{name} is no longer in the shard map.")
        return self.node(primary.address)

    def primary_node(self, shard: int) -> NodePool:
        """Where the shard takes writes, by the present map."""
        return self.node(self._map_file.current().primary_by_shard[shard].address)

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

    @asynccontextmanager
    async def writer(self, shard: int) -> AsyncIterator[Transaction]:
        """One transaction: committed at the end of the block, undone if it raises.

        Raises Unavailable when the primary is away, and CommitUnknown (one of its kind) when the
        connection broke while committing.
        """
        node, connection = await self._begin(shard)
        transaction = Transaction(shard, node, connection)
        try:
            yield transaction
        except BaseException:
            await roll_back(node, connection)
            raise
        await commit(node, connection)
        await self._after_commit(node, transaction)

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
            current = self._map_file.current()
            try:
                parts = self._parts(current, query, wanted, values, first_by)
                return await _gathered([self._read(*part, stand_in=stand_in) for part in parts])
            except NOT_HERE as error:
                # The statement names all shards of a primary, those too that nobody asked for.
                homes = {current.primary_by_shard[shard].name for shard in wanted}
                named = {shard for home in homes for shard in current.shards_on(home)}
                await self._await_move(current, named, error)
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

    async def close(self) -> None:
        """Close what is open; a group is closed once."""
        await self.wake_ups.close()
        for lag in self._lags.values():
            await lag.close()
        for node in self._nodes.values():
            await node.close()

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

    async def _begin(self, shard: int) -> tuple[NodePool, PoolConnectionProxy]:
        schema = schema_of(shard)
        for _attempt in range(3):
            current = self._map_file.current()
            node = self.node(current.primary_by_shard[shard].address)
            connection = await node.acquire(to_write=True)
            try:
                await begin(connection, schema)
            except NOT_HERE as error:
                await roll_back(node, connection)
                await self._await_move(current, {shard}, error)
            except DRIVER_ERRORS as error:
                closed = is_gone(connection, error)
                await roll_back(node, connection)
                fault = node.fault(error, closed=closed)
                # Nothing was written yet: a connection that had gone stale is replaced.
                if fault is None or not is_lost_connection(error, closed=closed):
                    raise fault or error from error
            except BaseException:
                await roll_back(node, connection)
                raise
            else:
                return node, connection
        raise Unavailable(f"{self.name} cannot be written to.", retry_after_s=1)

    async def _after_commit(self, node: NodePool, transaction: Transaction) -> None:
        if transaction.has_jobs:
            self.wake_ups.jobs(node)
        if transaction.has_events:
            self.wake_ups.outbox(node, transaction.shard)
        for action in transaction.after_commit:
            await action()

    async def _fetch_from_primary(
        self, shard: int, sql: str, arguments: Sequence[object], *, stand_in: bool
    ) -> list[Record]:
        current = self._map_file.current()
        primary = current.primary_by_shard[shard]
        try:
            return await self._read(primary, sql, arguments, stand_in=stand_in)
        except NOT_HERE as error:
            await self._await_move(current, {shard}, error)
        return await self.primary_node(shard).fetch(sql, arguments)

    async def _read(
        self, primary: Primary, sql: str, arguments: Sequence[object], *, stand_in: bool
    ) -> list[Record]:
        """From the primary; while it is away from a replica, which is as good: nothing is written.

        Half a second of writes at most may be missing until the primary is back.
        """
        lag = self._lag_of(primary)
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

    def _lag_of(self, primary: Primary) -> ReplicaLag:
        lag = self._lags.get(primary.address)
        if lag is None:
            replicas = [self.node(address) for address in primary.replicas]
            lag = ReplicaLag(self.name, self.node(primary.address), replicas)
            self._lags[primary.address] = lag
            lag.watch()
        return lag

    async def _fetch_from_replica(
        self, shard: int, lag_ms_max: int, sql: str, arguments: Sequence[object]
    ) -> list[Record] | None:
        primary = self._map_file.current().primary_by_shard[shard]
        replica = self._lag_of(primary).fresh_replica(lag_ms_max)
        if replica is None:
            return None
        try:
            # One that hangs leaves the primary as much time as it had itself.
            with deadline_within(command_seconds() * 1000 / 2):
                return await replica.fetch(sql, arguments)
        except (Unavailable, *NOT_HERE):
            # The primary can answer as well; the replica's pool has counted the fault.
            return None

    async def _await_move(self, before: ShardMap, shards: set[int], error: Exception) -> None:
        """Return once the map names other primaries for the shards that are not where it said.

        Raises `error` if all of them are there, as it then means something else, and ShardMoved
        when the map does not change in time.
        """
        missing = await self._missing(before, shards)
        if not missing:
            raise error
        SHARDS_MOVED.labels(self.name).inc()
        give_up_s = time.monotonic() + MOVE_SECONDS_MAX
        while time.monotonic() < give_up_s:
            now = self._map_file.reload()
            if all(
                now.primary_by_shard[shard].address != before.primary_by_shard[shard].address
                for shard in missing
            ):
                return
            await asyncio.sleep(_MOVE_POLL_SECONDS)
        raise ShardMoved(retry_after_s=1) from error

    async def _missing(self, by: ShardMap, shards: set[int]) -> set[int]:
        missing = set(shards)
        for primary in {by.primary_by_shard[shard].address for shard in shards}:
            names = [schema_of(shard) for shard in shards]
            found = await self.node(primary).fetch(_SCHEMAS_HERE, (names,))
            here = {row["nspname"] for row in found}
            missing -= {
                shard
                for shard in shards
                if by.primary_by_shard[shard].address == primary and schema_of(shard) in here
            }
        return missing


async def _gathered(parts: Sequence[Coroutine[Any, Any, list[Record]]]) -> list[Record]:
    if len(parts) == 1:
        return await parts[0]
    return [row for rows in await asyncio.gather(*parts) for row in rows]


async def open_shard_group(settings: PostgresSettings, network: Network) -> ShardGroup:
    """The group that the settings name."""
    login = PostgresLogin(
        settings.postgres_user,
        settings.postgres_password.get_secret_value(),
        settings.postgres_database,
    )
    map_file = ShardMapFile(settings.shard_map_file)
    group = ShardGroup(map_file, login, network, settings.postgres_pool_max)
    group.watch_replicas()
    return group
