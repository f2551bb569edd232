"""The numbers of jobs tell what waits from what was put off, and say 0 when nothing waits."""

import asyncio

from prometheus_client import REGISTRY

from shared.jobs.queue_watch import watch_queue
from shared.sharding.shard_group import ShardGroup
from tests.eventually import eventually

KINDS = ("draw", "mend")


def _shown(group: ShardGroup, primary: str, status: str) -> dict[str, float | None]:
    labels = {"group": group.name, "primary": primary, "status": status}
    return {
        kind: REGISTRY.get_sample_value("retrato_jobs", {**labels, "kind": kind}) for kind in KINDS
    }


async def test_what_may_not_begin_yet_does_not_wait(group: ShardGroup) -> None:
    async with group.writer(0) as tx:
        await tx.enqueue("draw", {"n": 1})
        await tx.enqueue("draw", {"n": 2}, delay_s=600)
        await tx.enqueue("draw", {"n": 3}, delay_s=600)
    primary = group.primaries()[0].name
    stop = asyncio.Event()
    watch = asyncio.create_task(watch_queue(group, primary, KINDS, stop))

    def are_counted() -> None:
        assert _shown(group, primary, "queued") == {"draw": 1, "mend": 0}
        assert _shown(group, primary, "put off") == {"draw": 2, "mend": 0}

    try:
        await eventually(are_counted, within_s=15)
    finally:
        stop.set()
        await watch
