"""Counts the waiting jobs of a primary."""

from collections.abc import Collection

from shared.sharding import job_queue
from shared.sharding.node_pool import NodePool

_COUNT = f"""
SELECT entrypoint, count(*) AS waiting
  FROM {job_queue.SCHEMA}.{job_queue.TABLE}
 WHERE status = 'queued' AND entrypoint = ANY($1) GROUP BY 1
"""  # noqa: S608 - names of our own


async def count_waiting(primary: NodePool, jobs: Collection[str]) -> dict[str, int]:
    """Map the names to their numbers of queued jobs; names without any are absent."""
    rows = await primary.fetch(_COUNT, (list(jobs),))
    return {row["entrypoint"]: row["waiting"] for row in rows}
