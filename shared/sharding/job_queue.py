"""The job queue in each primary's database: its table names, and how to enqueue a job."""

from datetime import timedelta
from typing import Any, cast

import asyncpg
import orjson
from asyncpg.pool import PoolConnectionProxy
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.adapters.persistence.qb import (
    QueryBuilderEnvironment,
    QueryQueueBuilder,
    QuerySchedulerBuilder,
)
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.domain.settings import DBSettings
from pgqueuer.ports.driver import Driver

from shared.logs import request_id
from shared.tracing.frames import carried

SCHEMA = "jobs"
_SETTINGS = DBSettings(db_schema=SCHEMA)
CHANNEL = _SETTINGS.channel
TABLE = _SETTINGS.queue_table
LOG_TABLE = _SETTINGS.queue_table_log
TRIGGER = _SETTINGS.trigger

# One queue per primary serves all its shards. A job can join the transaction of its data because
# the writer of a shard uses the shard's own primary.
_ENVIRONMENT = QueryBuilderEnvironment(_SETTINGS)
_QUEUE = QueryQueueBuilder(_SETTINGS)
_SCHEDULER = QuerySchedulerBuilder(_SETTINGS)


def channel_of(job: str) -> str:
    """Return the channel on which the lane of this job is woken, and no other lane."""
    return f"{CHANNEL}_{job}"


def queries_over(driver: Driver) -> Queries:
    """Return the library's queries, bound to our schema."""
    return Queries(driver, qbe=_ENVIRONMENT, qbq=_QUEUE, qbs=_SCHEDULER)


class _TransactionDriver(AsyncpgDriver):
    """A driver over the connection of an open transaction, used only to enqueue."""

    async def fetch(self, query: str, *args: object) -> list[dict[str, object]]:
        # The library passes jsonb as text, but our connections encode Python values.
        *plain, headers = args
        return await super().fetch(query, *plain, [orjson.loads(text) for text in _list(headers)])


def _list(argument: object) -> list[str]:
    if not isinstance(argument, list):
        raise TypeError("the queue library enqueues in another way than expected")
    return argument


async def enqueue(
    connection: PoolConnectionProxy,
    job: str,
    payload: dict[str, Any],
    *,
    priority: int,
    delay_s: float,
    dedupe_key: str | None,
) -> None:
    """Insert a job in the connection's transaction, unless its dedupe key is already queued."""
    # The pool's proxy supports everything that the library calls on a connection.
    driver = _TransactionDriver(cast(asyncpg.Connection, connection))
    await queries_over(driver).enqueue(
        job,
        orjson.dumps(payload),
        priority=priority,
        execute_after=timedelta(seconds=delay_s),
        dedupe_key=dedupe_key,
        headers=_headers(),
        on_conflict="skip",
    )


def _headers() -> dict[str, Any] | None:
    """What the job says of the request that enqueues it."""
    present, said = request_id.get(), carried()
    headers = {"request_id": present, "carried": said}
    return {name: value for name, value in headers.items() if value is not None} or None
