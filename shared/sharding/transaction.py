"""One transaction in one logical shard, and how it ends."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import asyncpg
from asyncpg import Record
from asyncpg.pool import PoolConnectionProxy

from shared.logs import request_id
from shared.sharding import job_queue
from shared.sharding.connections import COMMAND_SECONDS, command_seconds
from shared.sharding.database_faults import (
    DRIVER_ERRORS,
    CommitUnknown,
    is_gone,
    is_lost_connection,
)
from shared.sharding.node_pool import NodePool
from shared.sharding.reader import Reader
from shared.sql_files import Query, load_queries

_SQL = load_queries(Path(__file__).with_suffix(".sql"))

# A commit is given this long whatever the caller's deadline says: cutting it short would leave
# its outcome unknown.
COMMIT_SECONDS = 10.0

AfterCommit = Callable[[], Awaitable[None]]


class Transaction(Reader):
    """Reads and writes of one shard that happen together or not at all.

    Row locks are held until it ends: no call of another service belongs inside.
    """

    def __init__(self, shard: int, node: NodePool, connection: PoolConnectionProxy) -> None:
        super().__init__(shard, self._fetch_inside)
        self._node = node
        self._connection = connection
        self.has_jobs = False
        self.has_events = False
        self.after_commit: list[AfterCommit] = []

    async def execute(self, query: Query, /, **values: object) -> int:
        """Run a statement; how many rows it touched."""
        sql, arguments = query.for_schema(self.schema), query.arguments(values)
        try:
            tag = await self._connection.execute(sql, *arguments, timeout=command_seconds())
        except DRIVER_ERRORS as error:
            self._raise_fault(error)
            raise
        return int(tag.rpartition(" ")[2])

    async def enqueue(
        self,
        job: str,
        payload: dict[str, Any],
        *,
        priority: int = 0,
        delay_s: float = 0,
        dedupe_key: str | None = None,
    ) -> None:
        """Add a job that runs, at least once, if this transaction commits.

        With a `dedupe_key` it is left out while one with that key waits or runs on this primary.
        """
        try:
            await job_queue.enqueue(
                self._connection,
                job,
                payload,
                priority=priority,
                delay_s=delay_s,
                dedupe_key=dedupe_key,
            )
        except DRIVER_ERRORS as error:
            self._raise_fault(error)
            raise
        self.has_jobs = True

    async def publish(self, topic: str, payload: dict[str, Any]) -> int:
        """Add an event that the relay delivers, at least once and in order, if this commits.

        The order is that of the shard; the result is the event's position, an id.
        """
        position: int = await self.value(
            _SQL["publish"], topic=topic, payload=payload, request_id=request_id.get()
        )
        self.has_events = True
        return position

    async def _fetch_inside(self, sql: str, arguments: Sequence[object]) -> list[Record]:
        try:
            return await self._connection.fetch(sql, *arguments, timeout=command_seconds())
        except DRIVER_ERRORS as error:
            self._raise_fault(error)
            raise

    def _raise_fault(self, error: Exception) -> None:
        fault = self._node.fault(error, closed=is_gone(self._connection, error))
        if fault is not None:
            raise fault from error


async def begin(connection: PoolConnectionProxy, schema: str) -> None:
    """Open a transaction that keeps the shard where it is, in one round trip.

    Who moves a shard locks its fence exclusively: it waits for the writers inside and keeps new
    ones out, who then find the schema gone and ask the map anew.
    """
    await connection.execute(
        f"BEGIN; LOCK TABLE {schema}.fence IN ACCESS SHARE MODE", timeout=command_seconds()
    )


async def commit(node: NodePool, connection: PoolConnectionProxy) -> None:
    """Commit, without letting a cancelled caller cut it short; give the connection back.

    Raises CommitUnknown when nobody can say whether it happened, and when a standby that had to
    confirm it did not.
    """
    ending = asyncio.create_task(_commit_and_release(node, connection))
    try:
        await asyncio.shield(ending)
    except asyncio.CancelledError:
        await asyncio.wait({ending})
        if not ending.cancelled():
            ending.exception()
        raise


async def _commit_and_release(node: NodePool, connection: PoolConnectionProxy) -> None:
    try:
        tag, warned = await _commit(connection)
    except DRIVER_ERRORS as error:
        closed = is_gone(connection, error)
        if isinstance(error, TimeoutError) or is_lost_connection(error, closed=closed):
            raise CommitUnknown from error
        fault = node.fault(error, closed=closed)
        if fault is None:
            raise
        raise fault from error
    finally:
        await node.release(connection)
    if tag != "COMMIT":
        raise RuntimeError("the transaction had failed before, and its error was swallowed")
    if warned:
        raise CommitUnknown


async def _commit(connection: PoolConnectionProxy) -> tuple[str, bool]:
    """What the server says, and whether it warned that a standby has not confirmed."""
    warnings: list[asyncpg.PostgresLogMessage] = []

    def listen(_connection: object, message: asyncpg.PostgresLogMessage) -> None:
        warnings.append(message)

    connection.add_log_listener(listen)
    try:
        tag = await connection.execute("COMMIT", timeout=COMMIT_SECONDS)
        # The driver hands a warning over in the next turn of the loop.
        await asyncio.sleep(0)
    finally:
        if not is_gone(connection):
            connection.remove_log_listener(listen)
    return tag, any(warning.sqlstate == "01000" for warning in warnings)


async def roll_back(node: NodePool, connection: PoolConnectionProxy) -> None:
    """Undo, and give the connection back; a connection that cannot is ended."""
    ending = asyncio.create_task(_undo_and_release(node, connection))
    try:
        await asyncio.shield(ending)
    except asyncio.CancelledError:
        await asyncio.wait({ending})
        raise


async def _undo_and_release(node: NodePool, connection: PoolConnectionProxy) -> None:
    try:
        if not is_gone(connection) and connection.is_in_transaction():
            await connection.execute("ROLLBACK", timeout=COMMAND_SECONDS)
    except DRIVER_ERRORS:
        # The pool ends a connection that comes back like this, and the server its transaction.
        return
    finally:
        await node.release(connection)
