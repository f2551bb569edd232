"""A bounded pool of connections to one Postgres node, which may come and go."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from shared.deadlines import budget_ms
from shared.errors import AppError, DeadlineExceeded, Unavailable
from shared.network.network import Network
from shared.refusals import overloaded
from shared.sharding.connections import (
    COMMAND_SECONDS,
    CONNECT_SECONDS,
    STATEMENTS_MAX,
    Connection,
    PostgresLogin,
    command_seconds,
    connect,
    speak_json,
)
from shared.sharding.database_faults import (
    DRIVER_ERRORS,
    fault_of,
    is_gone,
    is_lost_connection,
    why_unreachable,
)
from shared.sharding.pool_metrics import ACQUIRE_SECONDS, FAULTS, POOL_CONNECTIONS, POOL_WAITING
from shared.sharding.shard_map import NodeAddress

ACQUIRE_SECONDS_MAX = 2.0

# Who waits longer than this many others would wait longer than its deadline.
WAITING_PER_CONNECTION = 40

# Writers leave so many connections to those who read. A commit waits for a standby: while that does
# not answer, writers would soon hold all there are, and so would those who wait for one row.
KEPT_FOR_READS = 2

# After a failed connect, callers without a connection are refused at once for this long: a node
# that swallows packets would otherwise hold each of them for the connect timeout.
REFUSAL_SECONDS = 0.5

# A read that nobody waits for any more is let end by itself for so long. To cancel it takes another
# connection, with a handshake and a new process: where many readers give up at once, as they do on
# a busy machine, that would be the greater part of the work.
UNHEARD_SECONDS_MAX = 2.0

# Its text, and the number of its parameters.
Statement = tuple[str, int]


class NodePool:
    """Opens nothing until it is used, and stays usable while its node is away."""

    def __init__(
        self, group: str, address: NodeAddress, login: PostgresLogin, network: Network, size: int
    ) -> None:
        self.name = address.host
        self.address = address
        self._group = group
        self._login = login
        self._network = network
        self._waiting = Counter[bool]()
        self._waiting_max = size * WAITING_PER_CONNECTION
        self._down_until_s = 0.0
        self._why_down = "."
        self._opening = asyncio.Lock()
        self._opened = False
        self._write_places = asyncio.Semaphore(max(size - KEPT_FOR_READS, 1))
        self._writing: set[PoolConnectionProxy] = set()
        self._asking: set[asyncio.Task[list[asyncpg.Record]]] = set()
        self._pool = asyncpg.create_pool(
            min_size=0,
            max_size=size,
            connect=self._connect,
            connection_class=Connection,
            init=speak_json,
            reset=_keep_session,
            statement_cache_size=STATEMENTS_MAX,
            # A statement over all shards of a primary is long and worth keeping.
            max_cacheable_statement_size=0,
        )
        self._acquire_seconds = ACQUIRE_SECONDS.labels(group, self.name)
        self._publish_gauges()

    async def acquire(self, *, to_write: bool = False) -> PoolConnectionProxy:
        """A connection, to be given back by `release`; raises Unavailable, Overloaded."""
        self._refuse_early(to_write=to_write)
        wait_s = budget_ms(ACQUIRE_SECONDS_MAX * 1000) / 1000
        started_s = time.perf_counter()
        self._waiting[to_write] += 1
        try:
            async with asyncio.timeout(wait_s):
                await self._open()
                return await (self._take_to_write() if to_write else self._pool.acquire())
        except TimeoutError as error:
            raise self._too_late(wait_s, to_write=to_write) from error
        except DRIVER_ERRORS as error:
            raise self._unreachable(type(error).__name__, why_unreachable(error)) from error
        finally:
            self._waiting[to_write] -= 1
            self._acquire_seconds.observe(time.perf_counter() - started_s)

    async def release(self, connection: PoolConnectionProxy) -> None:
        """Take a connection back; one that broke is replaced when the next is needed."""
        try:
            await self._pool.release(connection, timeout=COMMAND_SECONDS)
        except DRIVER_ERRORS:
            # The driver has ended it; the pool goes on without it.
            FAULTS.labels(self._group, self.name, "release").inc()
        finally:
            if connection in self._writing:
                self._writing.remove(connection)
                self._write_places.release()

    async def warm_up(self, on_each: Sequence[Statement], on_one: Sequence[Statement] = ()) -> None:
        """Prepare reads on all connections, some of them only on the one that is used most.

        One after the other, as others have less of the machine meanwhile. Raises Unavailable, and
        what the driver raises.
        """
        async with AsyncExitStack() as stack:
            # All are taken before the first is given back: else it would be the same one each time.
            for number in range(self._pool.get_max_size()):
                connection = await self.acquire()
                stack.push_async_callback(self.release, connection)
                await stack.enter_async_context(connection.transaction(readonly=True))
                # Given back last, the first one is taken first.
                for sql, parameters in on_each if number else (*on_each, *on_one):
                    await connection.fetch(sql, *[None] * parameters)

    async def fetch(self, sql: str, arguments: Sequence[object]) -> list[asyncpg.Record]:
        """One statement that may be repeated: a connection that had gone stale is replaced once."""
        try:
            return await self._fetch_once(sql, arguments)
        except _StaleConnectionError:
            return await self._fetch_once(sql, arguments)

    async def _fetch_once(self, sql: str, arguments: Sequence[object]) -> list[asyncpg.Record]:
        connection = await self.acquire()
        try:
            wait_s = command_seconds()
        except DeadlineExceeded:
            await self.release(connection)
            raise
        # A task of its own: if its caller gives up, it goes on and then gives the connection back.
        asking = asyncio.create_task(self._ask(connection, sql, arguments))
        self._asking.add(asking)
        asking.add_done_callback(self._end_asking)
        try:
            answered, _late = await asyncio.wait([asking], timeout=wait_s)
        finally:
            if not asking.done():
                asyncio.get_running_loop().call_later(UNHEARD_SECONDS_MAX, asking.cancel)
        if not answered:
            late = TimeoutError()
            raise self.fault(late, closed=False) or late
        return asking.result()

    async def _ask(
        self, connection: PoolConnectionProxy, sql: str, arguments: Sequence[object]
    ) -> list[asyncpg.Record]:
        try:
            return await connection.fetch(sql, *arguments)
        except DRIVER_ERRORS as error:
            closed = is_gone(connection, error)
            fault = self.fault(error, closed=closed)
            if fault is None:
                raise
            if is_lost_connection(error, closed=closed):
                raise _StaleConnectionError(fault.detail, retry_after_s=1) from error
            raise fault from error
        finally:
            await self.release(connection)

    def _end_asking(self, asking: asyncio.Task[list[asyncpg.Record]]) -> None:
        self._asking.discard(asking)
        if not asking.cancelled():
            asking.exception()  # Looked at, though nobody may wait for it any more.

    def fault(self, error: BaseException, *, closed: bool) -> AppError | None:
        """The error to raise for a statement that met a fault of this node; counted."""
        fault = fault_of(error, self.name, closed=closed)
        if fault is not None:
            FAULTS.labels(self._group, self.name, type(error).__name__).inc()
        return fault

    async def connect_aside(self) -> asyncpg.Connection:
        """A connection of its own, outside the pool: for LISTEN and for session locks."""
        try:
            return await connect(self.address, self._login, self._network)
        except DRIVER_ERRORS as error:
            raise self._unreachable(type(error).__name__, why_unreachable(error)) from error

    async def close(self) -> None:
        """End all connections; those in use get a moment to come back."""
        if not self._opened:
            return
        try:
            async with asyncio.timeout(2):
                await self._pool.close()
        except (TimeoutError, *DRIVER_ERRORS):
            self._pool.terminate()

    def _refuse_early(self, *, to_write: bool) -> None:
        if self._waiting[to_write] >= self._waiting_max:
            raise overloaded("pool", "queue_full", f"Too many wait for {self.name}.")
        if time.monotonic() < self._down_until_s and not self._pool.get_idle_size():
            raise Unavailable(f"{self.name} cannot be reached{self._why_down}", retry_after_s=1)

    def _too_late(self, waited_s: float, *, to_write: bool) -> Unavailable:
        if to_write and self._write_places.locked():
            return overloaded("pool", "writers", f"All who may write to {self.name} do.")
        if self._pool.get_size() >= self._pool.get_max_size():
            return overloaded("pool", "connections", f"All connections to {self.name} are in use.")
        if waited_s < CONNECT_SECONDS:
            # It says more of the caller's deadline than of the node.
            return DeadlineExceeded()
        return self._unreachable("timeout")

    def _unreachable(self, kind: str, why: str = ".") -> Unavailable:
        self._down_until_s = time.monotonic() + REFUSAL_SECONDS
        self._why_down = why
        FAULTS.labels(self._group, self.name, kind).inc()
        return Unavailable(f"{self.name} cannot be reached{why}", retry_after_s=1)

    async def _open(self) -> None:
        if self._opened:
            return
        async with self._opening:
            if not self._opened:
                await self._pool
                self._opened = True

    async def _take_to_write(self) -> PoolConnectionProxy:
        await self._write_places.acquire()
        try:
            connection = await self._pool.acquire()
        except BaseException:
            self._write_places.release()
            raise
        self._writing.add(connection)
        return connection

    async def _connect(self, *_arguments: object, **options: Any) -> asyncpg.Connection:
        connection = await connect(self.address, self._login, self._network, **options)
        self._down_until_s = 0.0
        return connection

    def _publish_gauges(self) -> None:
        gauges: dict[str, Callable[[], float]] = {
            "open": lambda: self._pool.get_size() if self._opened else 0,
            "idle": lambda: self._pool.get_idle_size() if self._opened else 0,
        }
        for state, read in gauges.items():
            POOL_CONNECTIONS.labels(self._group, self.name, state).set_function(read)
        POOL_WAITING.labels(self._group, self.name).set_function(self._waiting.total)


class _StaleConnectionError(Unavailable):
    """The statement never reached the server, or a read's answer never reached us."""


async def _keep_session(_connection: asyncpg.Connection) -> None:
    """Nothing to reset: our statements change no session setting, listen to nothing.

    The driver's own reset would cost a round trip after each use; it ends an open transaction
    without that.
    """
