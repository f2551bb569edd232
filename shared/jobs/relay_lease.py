"""The lease to relay the outboxes of one primary, and the LISTEN for its new events."""

import asyncio
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import asyncpg
from asyncpg import Record

from shared.errors import Unavailable
from shared.ids import created_ms
from shared.jobs.metrics import OUTBOX_OLDEST_SECONDS, OUTBOX_PARKED, OUTBOX_WAITING
from shared.sharding.connections import COMMAND_SECONDS
from shared.sharding.database_faults import DRIVER_ERRORS, is_lost_connection
from shared.sharding.shard_group import ShardGroup
from shared.sharding.wake_ups import OUTBOX_CHANNEL
from shared.sql_files import load_queries

_SQL = load_queries(Path(__file__).with_name("outbox_relay.sql"))

_TRY_LEAD = "SELECT pg_try_advisory_lock(1768910)"

# A lease whose primary is silent for this long counts as lost, though its connection is open. A
# primary that froze is replaced only after its lease in etcd has ended, which takes longer. So no
# delivery of the old lease can come after one of the new lease.
SILENT_SECONDS_MAX = 2.0


class RelayLease:
    """A session lock on its own connection, which ends with the process or the primary.

    `drains` are the tasks that deliver under the lease; they are cancelled when it is lost.
    """

    def __init__(self, group: ShardGroup, primary: str, poll_s: float) -> None:
        self.lost = False
        self.drains: set[asyncio.Task[None]] = set()
        self._group = group
        self._primary = primary
        self._poll_s = poll_s
        self._next_poll_s = 0.0
        self._held = False
        self._hints: set[int] = set()
        self._woken = asyncio.Event()
        self._connection: asyncpg.Connection
        self._renewing: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Connect and listen; raises Unavailable while the primary is unreachable."""
        self._connection = await self._group.primary_by_name(self._primary).connect_aside()
        self._connection.add_termination_listener(self._on_lost)
        await self._connection.add_listener(OUTBOX_CHANNEL, self._on_event)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._renewing is not None:
            self._renewing.cancel()
        if not self._connection.is_closed():
            self._connection.terminate()

    async def held(self) -> bool:
        """Whether this process has the lease; tries to take it. Raises Unavailable."""
        if not self._held:
            # Another process has the lease, and handles the events announced so far.
            self._hints.clear()
            self._held = await self._try_lead()
            if self._held:
                self._renewing = asyncio.create_task(self._renew())
        return self._held

    async def shards_to_drain(self) -> set[int]:
        """Return the shards announced since the last call, and once per poll all with events."""
        shards, self._hints = self._hints, set()
        if time.monotonic() >= self._next_poll_s:
            self._next_poll_s = time.monotonic() + self._poll_s
            shards |= await self._shards_with_events()
        return shards

    async def wait(self, stop: asyncio.Event) -> None:
        """Return at an announcement, at the next poll, at `stop`, or when the lease is lost."""
        self._woken.clear()
        if self._hints or self.lost or stop.is_set():
            return
        waiters = {asyncio.create_task(self._woken.wait()), asyncio.create_task(stop.wait())}
        try:
            await asyncio.wait(waiters, timeout=self._poll_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for waiter in waiters:
                waiter.cancel()

    async def _try_lead(self) -> bool:
        try:
            return bool(await self._connection.fetchval(_TRY_LEAD, timeout=COMMAND_SECONDS))
        except DRIVER_ERRORS as error:
            if is_lost_connection(error, closed=self._connection.is_closed()):
                raise Unavailable(f"{self._primary} cannot be reached.") from error
            raise

    async def _renew(self) -> None:
        """Ask the primary for a sign of life again and again; without one the lease is lost."""
        while not self.lost:
            try:
                await self._connection.fetchval("SELECT 1", timeout=SILENT_SECONDS_MAX)
            except DRIVER_ERRORS:
                self._connection.terminate()
                self._on_lost()
            await asyncio.sleep(self._poll_s)

    async def _shards_with_events(self) -> set[int]:
        here = self._group.shards_on(self._primary)
        rows = await self._group.rows_across(_SQL["shards_with_events"], here, stand_in=False)
        self._measure(rows)
        return {self._group.shard_of(row["oldest"]) for row in rows if row["waiting"]}

    def _measure(self, rows: list[Record]) -> None:
        labels = (self._group.name, self._primary)
        oldest = min((row["oldest_waiting"] for row in rows if row["waiting"]), default=None)
        age_s = 0.0 if oldest is None else max(0.0, time.time() - created_ms(oldest) / 1000)
        OUTBOX_WAITING.labels(*labels).set(sum(row["waiting"] for row in rows))
        OUTBOX_PARKED.labels(*labels).set(sum(row["parked"] for row in rows))
        OUTBOX_OLDEST_SECONDS.labels(*labels).set(age_s)

    def _on_event(self, _connection: object, _pid: object, _channel: object, shard: object) -> None:
        self._hints.add(int(str(shard)))
        self._woken.set()

    def _on_lost(self, _connection: object = None) -> None:
        self.lost = True
        for drain in self.drains:
            drain.cancel()
        self._woken.set()
