"""One transaction in one logical shard, and how it ends."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import asyncpg
from asyncpg import Record
from asyncpg.pool import PoolConnectionProxy
from prometheus_client import Counter

from shared.sharding import job_queue
from shared.sharding.connections import COMMAND_SECONDS, command_seconds
from shared.sharding.database_faults import (
    DRIVER_ERRORS,
    CommitUnknown,
    is_gone,
    is_unknown_commit,
)
from shared.sharding.node_pool import NodePool
from shared.sharding.reader import Reader
from shared.sql_files import Query, load_queries
from shared.tracing.frames import carried
from shared.tracing.statements import noted_statement

_SQL = load_queries(Path(__file__).with_suffix(".sql"))

# A commit may take this long regardless of the caller's deadline, because an interrupted commit
# has an unknown outcome.
COMMIT_SECONDS = 10.0

AfterCommit = Callable[[], Awaitable[None]]


class Transaction(Reader):
    """A transaction in one shard.

    It holds row locks until it ends, so do not call another service inside it.
    """

    def __init__(self, shard: int, node: NodePool, connection: PoolConnectionProxy) -> None:
        super().__init__(shard, self._fetch_inside)
        self._node = node
        self._connection = connection
        self.jobs: set[str] = set()
        self.has_events = False
        self.after_commit: list[AfterCommit] = []

    async def execute(self, query: Query, /, **values: object) -> int:
        """Run a statement and return the number of affected rows."""
        sql, arguments = query.for_schema(self.schema), query.arguments(values)
        with noted_statement(self._node.name, sql):
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
        """Add a job that runs at least once if this transaction commits.

        If a job with the same `dedupe_key` waits or runs on this primary, nothing is added.
        """
        with noted_statement(self._node.name, f"enqueue {job}"):
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
        self.jobs.add(job)

    async def publish(self, topic: str, payload: dict[str, Any]) -> int:
        """Add an event that the relay delivers at least once if this transaction commits.

        Events of one topic and shard keep their order. Returns the event's position, an id.
        """
        position: int = await self.value(
            _SQL["publish"], topic=topic, payload=payload, request_id=carried()
        )
        self.has_events = True
        return position

    def count_after_commit(self, counter: Counter, number: int = 1) -> None:
        """Count something that happens only if this transaction commits."""

        async def count() -> None:
            counter.inc(number)

        self.after_commit.append(count)

    async def _fetch_inside(self, sql: str, arguments: Sequence[object]) -> list[Record]:
        with noted_statement(self._node.name, sql):
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
    """Open a transaction and lock the shard's fence against a move, in one round trip.

    A shard move locks the fence exclusively: it waits for open transactions and blocks new ones.
    After the move, blocked writers find the schema gone and reload the map.
    """
    await connection.execute(
        f"BEGIN; LOCK TABLE {schema}.fence IN ACCESS SHARE MODE", timeout=command_seconds()
    )


async def commit(node: NodePool, connection: PoolConnectionProxy) -> None:
    """Commit and release the connection, even if the caller is cancelled.

    Raises CommitUnknown if the outcome is unknown, or if a synchronous standby, where one is
    configured, has not confirmed the commit.
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
        with noted_statement(node.name, "COMMIT"):
            tag, warned = await _commit(connection)
    except DRIVER_ERRORS as error:
        closed = is_gone(connection, error)
        if is_unknown_commit(error, closed=closed):
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
    """Return the command tag, and whether the server warned that a standby did not confirm."""
    warnings: list[asyncpg.PostgresLogMessage] = []

    def listen(_connection: object, message: asyncpg.PostgresLogMessage) -> None:
        warnings.append(message)

    connection.add_log_listener(listen)
    try:
        tag = await connection.execute("COMMIT", timeout=COMMIT_SECONDS)
        # The driver delivers warnings in the next turn of the event loop.
        await asyncio.sleep(0)
    finally:
        if not is_gone(connection):
            connection.remove_log_listener(listen)
    return tag, any(warning.sqlstate == "01000" for warning in warnings)


async def roll_back(node: NodePool, connection: PoolConnectionProxy) -> None:
    """Roll back and release the connection, even if the caller is cancelled."""
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
        # The pool closes such a connection, and the server then rolls back.
        return
    finally:
        await node.release(connection)
