"""Publishes the numbers of a primary's jobs to Prometheus, and trims the queue's log table."""

import asyncio
from collections.abc import Iterable

from shared.errors import Unavailable
from shared.jobs.metrics import JOBS
from shared.jobs.pauses import pause
from shared.sharding import job_queue
from shared.sharding.shard_group import ShardGroup

WATCH_SECONDS = 10.0
QUEUED = "queued"
# To the library these are queued, too, but no worker may begin them yet.
PUT_OFF = "put off"

_COUNT = f"""
SELECT entrypoint,
       CASE WHEN status = 'queued' AND execute_after > now() THEN '{PUT_OFF}'
            ELSE status::text END AS status,
       count(*) AS count
  FROM {job_queue.SCHEMA}.{job_queue.TABLE} GROUP BY 1, 2
"""  # noqa: S608 - names of our own

# Each job leaves three rows in the log table, of no use after an hour.
_TRIM = f"""
DELETE FROM {job_queue.SCHEMA}.{job_queue.LOG_TABLE} WHERE created < now() - interval '1 hour'
"""  # noqa: S608


async def watch_queue(
    group: ShardGroup, primary: str, jobs: Iterable[str], stop: asyncio.Event
) -> None:
    """Count and trim every ten seconds until `stop` is set.

    Every worker shows all jobs of a primary, so a reader takes the largest value, not the sum. Each
    of `jobs` is shown as 0 when none waits, because an alert cannot tell an absent series from a 0.
    """
    seen = {(job, status) for job in jobs for status in (QUEUED, PUT_OFF)}
    while not stop.is_set():
        try:
            node = group.primary_by_name(primary)
            rows = await node.fetch(_COUNT, ())
            await node.fetch(_TRIM, ())
        except Unavailable:
            # The gauges keep their last value; the pool has counted the fault.
            await pause(stop, WATCH_SECONDS)
            continue
        counts = {(row["entrypoint"], row["status"]): row["count"] for row in rows}
        seen |= counts.keys()
        for job, status in seen:
            JOBS.labels(group.name, primary, job, status).set(counts.get((job, status), 0))
        await pause(stop, WATCH_SECONDS)
