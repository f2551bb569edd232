"""The job queue that each primary database holds: its tables' names and how a job enters."""

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

SCHEMA = "jobs"
_SETTINGS = DBSettings(db_schema=SCHEMA)
CHANNEL = _SETTINGS.channel
TABLE = _SETTINGS.queue_table
LOG_TABLE = _SETTINGS.queue_table_log
TRIGGER = _SETTINGS.trigger

# One queue per primary serves all its shards: a job is in the transaction of its data as long as
# both are on the same primary, which the writer of a shard guarantees.
_ENVIRONMENT = QueryBuilderEnvironment(_SETTINGS)
_QUEUE = QueryQueueBuilder(_SETTINGS)
_SCHEDULER = QuerySchedulerBuilder(_SETTINGS)


def queries_over(driver: Driver) -> Queries:
    """The library's statements, bound to our schema."""
    return Queries(driver, qbe=_ENVIRONMENT, qbq=_QUEUE, qbs=_SCHEDULER)


class _TransactionDriver(AsyncpgDriver):
    """Over the connection of an open transaction; used to enqueue and for nothing else."""

    async def fetch(self, query: str, *args: object) -> list[dict[str, object]]:
        # The library hands jsonb over as text; our connections take it as values.
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
    """Insert a job in the connection's transaction; skipped if its dedupe key is waiting."""
    # The pool stands in for the connection in all that the library asks of it.
    driver = _TransactionDriver(cast(asyncpg.Connection, connection))
    present = request_id.get()
    await queries_over(driver).enqueue(
        job,
        orjson.dumps(payload),
        priority=priority,
        execute_after=timedelta(seconds=delay_s),
        dedupe_key=dedupe_key,
        headers=None if present is None else {"request_id": present},
        on_conflict="skip",
    )
