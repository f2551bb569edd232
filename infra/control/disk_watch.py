"""Publishes how large and how free the disks of the suite are."""

import asyncio

from prometheus_client import Gauge

from infra.control.disk_space import usage_by_place
from infra.suite import Suite
from shared.jobs.pauses import pause
from shared.logs import get_logger

_LOOK_S = 15.0

SIZE = Gauge("retrato_disk_size_bytes", "The size of a file system with data.", ["place"])
FREE = Gauge("retrato_disk_free_bytes", "What is free on a file system with data.", ["place"])

log = get_logger()


async def watch_disks(suite: Suite, stop: asyncio.Event) -> None:
    """Look every 15 seconds until `stop` is set."""
    while not stop.is_set():
        try:
            usages = await asyncio.to_thread(usage_by_place, suite)
        except OSError as error:
            # A folder that was just deleted; the next look finds the others.
            log.warning("disks_not_seen", reason=str(error))
        else:
            for place, (size, free) in usages.items():
                SIZE.labels(place).set(size)
                FREE.labels(place).set(free)
        await pause(stop, _LOOK_S)
