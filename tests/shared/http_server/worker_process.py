"""A worker whose only loop waits for the stop signal."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shared.http_server.service_app import AppInfo
from shared.http_server.worker_app import serve_worker
from shared.logs import get_logger
from shared.settings import read_settings
from tests.shared.replica_app import ReplicaSettings

log = get_logger()
INFO = AppInfo(name="users-worker", title="Worker", description="", audience=None)


@asynccontextmanager
async def open_nothing() -> AsyncIterator[None]:
    yield None


async def run(_resources: None, stop: asyncio.Event) -> None:
    log.info("loop_begun")
    await stop.wait()
    log.info("loop_ended")


if __name__ == "__main__":
    serve_worker(INFO, read_settings(ReplicaSettings), open_nothing, run)
