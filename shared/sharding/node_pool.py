"""A bounded pool of connections to one Postgres node, which may be unreachable at times."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from shared.deadlines import budget_ms
from shared.errors import AppError, DeadlineExceeded, Unavailable
from shared.refusals import overloaded
from shared.sharding.connections import (
    COMMAND_SECONDS,
    CONNECT_SECONDS,
    STATEMENTS_MAX,
    Connection,
    command_seconds,
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
from shared.tracing.frames import OK
from shared.tracing.statements import note_statement

ACQUIRE_SECONDS_MAX = 2.0

# Behind this many others per connection, a request would wait longer than its deadline.
WAITING_PER_CONNECTION = 40

# Writers leave this many connections to readers. Otherwise writers that wait for one row's lock, or
# for a slow commit, would soon hold all connections.
KEPT_FOR_READS = 2

# After a failed connect the pool refuses callers at once for this long, unless a connection is
# idle. Otherwise a node that drops packets would hold each caller for the connect timeout.
REFUSAL_SECONDS = 0.5

# An abandoned read may run on for this long. Cancelling it needs another connection, with a
# handshake and a new server process. If many readers give up at once, as they do on a busy machine,
# that would cost more than the reads.
UNHEARD_SECONDS_MAX = 2.0

# A statement's text and its number of parameters.
Statement = tuple[str, int]

# Opens a session with the driver's options; raises one of DRIVER_ERRORS or Unavailable.
Dial = Callable[..., Awaitable[asyncpg.Connection]]


class NodePool:
    """A pool that connects at first use, and recovers by itself after its node was unreachable.

    The node is one member, or the leader of a primary, whichever member that is.
    """

    def __init__(self, group: str, name: str, dial: Dial, size: int) -> None:
        self.name = name
        self._group = group
        self._dial = dial
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
            # No limit: statements over all shards of a primary are long and worth caching.
            max_cacheable_statement_size=0,
        )
        self._acquire_seconds = ACQUIRE_SECONDS.labels(group, self.name)
        self._publish_gauges()

    async def acquire(self, *, to_write: bool = False) -> PoolConnectionProxy:
        """Return a connection, which the caller must `release`.

        Raises Overloaded if too many wait, Unavailable, or DeadlineExceeded.
        """
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
        """Take a connection back; a broken one is replaced at the next need."""
        try:
            await self._pool.release(connection, timeout=COMMAND_SECONDS)
        except DRIVER_ERRORS:
            # The driver has closed the connection, and the pool continues without it.
            FAULTS.labels(self._group, self.name, "release").inc()
        finally:
            if connection in self._writing:
                self._writing.remove(connection)
                self._write_places.release()

    async def warm_up(self, on_each: Sequence[Statement], on_one: Sequence[Statement] = ()) -> None:
        """Prepare `on_each` on all connections, and `on_one` only on the one that is used most.

        The statements run one after the other, to leave CPU to other processes. Raises Unavailable
        and DRIVER_ERRORS.
        """
        async with AsyncExitStack() as stack:
            # All connections are taken before the first is released, or each turn would get the
            # same one.
            for number in range(self._pool.get_max_size()):
                connection = await self.acquire()
                stack.push_async_callback(self.release, connection)
                await stack.enter_async_context(connection.transaction(readonly=True))
                # The first connection is released last, so it is the first to be taken again.
                for sql, parameters in on_each if number else (*on_each, *on_one):
                    await connection.fetch(sql, *[None] * parameters)

    async def fetch(self, sql: str, arguments: Sequence[object]) -> list[asyncpg.Record]:
        """Run a repeatable statement; retries once if the pool's connection turns out broken."""
        try:
            return await self._fetch_once(sql, arguments)
        except _StaleConnectionError:
            return await self._fetch_once(sql, arguments)

    async def _fetch_once(self, sql: str, arguments: Sequence[object]) -> list[asyncpg.Record]:
        connection = await self.acquire()
        began_s = time.perf_counter()
        try:
            wait_s = command_seconds()
        except DeadlineExceeded:
            await self.release(connection)
            raise
        # A separate task, which continues if its caller gives up, and releases the connection.
        asking = asyncio.create_task(self._ask(connection, sql, arguments))
        self._asking.add(asking)
        asking.add_done_callback(self._end_asking)
        try:
            answered, _late = await asyncio.wait([asking], timeout=wait_s)
        finally:
            if not asking.done():
                asyncio.get_running_loop().call_later(UNHEARD_SECONDS_MAX, asking.cancel)
            note_statement(self.name, sql, began_s, _outcome(asking))
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
            asking.exception()  # Read, so that asyncio does not warn if nobody awaits the task.

    def fault(self, error: BaseException, *, closed: bool) -> AppError | None:
        """Count a fault of this node and return the error to raise; None for other errors."""
        fault = fault_of(error, self.name, closed=closed)
        if fault is not None:
            FAULTS.labels(self._group, self.name, type(error).__name__).inc()
        return fault

    async def connect_aside(self) -> asyncpg.Connection:
        """Open a connection outside the pool, for LISTEN or session locks; raises Unavailable."""
        try:
            return await self._dial()
        except DRIVER_ERRORS as error:
            raise self._unreachable(type(error).__name__, why_unreachable(error)) from error

    async def close(self) -> None:
        """Close all connections; those in use have two seconds to be released."""
        if not self._opened:
            return
        try:
            async with asyncio.timeout(2):
                await self._pool.close()
        except (TimeoutError, *DRIVER_ERRORS):
            self._pool.terminate()

    def _refuse_early(self, *, to_write: bool) -> None:
        if self._waiting[to_write] >= self._waiting_max:
            raise overloaded("pool", "queue_full", f"Too many requests wait for {self.name}.")
        if time.monotonic() < self._down_until_s and not self._pool.get_idle_size():
            raise Unavailable(f"{self.name} cannot be reached{self._why_down}", retry_after_s=1)

    def _too_late(self, waited_s: float, *, to_write: bool) -> Unavailable:
        if to_write and self._write_places.locked():
            return overloaded("pool", "writers", f"All writers of {self.name} are busy.")
        if self._pool.get_size() >= self._pool.get_max_size():
            return overloaded("pool", "connections", f"All connections to {self.name} are in use.")
        if waited_s < CONNECT_SECONDS:
            # The caller's deadline was shorter than a connect may take; the node may be fine.
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
        connection = await self._dial(**options)
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


def _outcome(asking: asyncio.Task[list[asyncpg.Record]]) -> str:
    if not asking.done() or asking.cancelled():
        return "unheard"
    error = asking.exception()
    return OK if error is None else type(error).__name__


class _StaleConnectionError(Unavailable):
    """The connection broke before a statement's result arrived."""


async def _keep_session(_connection: asyncpg.Connection) -> None:
    """Reset nothing: our statements neither change session settings nor listen.

    The driver's own reset would cost a round trip after each use. It ends open transactions even
    without it.
    """
