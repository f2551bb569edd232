"""Runs the loops of a worker beside a small server for /live, /ready and /metrics."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI

from shared.http_server.readiness import Readiness
from shared.http_server.server import serve
from shared.http_server.service_app import AppInfo, OpenResources, create_app
from shared.logs import get_logger
from shared.settings import ProcessSettings

log = get_logger()

Run = Callable[[Any, asyncio.Event], Awaitable[None]]

RESTART_FIRST_S = 0.5
RESTART_MAX_S = 15.0
# A crash after this long restarts the loops with the shortest pause again.
SOUND_AFTER_S = 60.0
# Time for jobs under way after SIGTERM; another worker runs unfinished jobs again.
FINISH_S = 15.0


def serve_worker(
    info: AppInfo, settings: ProcessSettings, open_resources: OpenResources, run: Run
) -> None:
    """Run `run(resources, stop)` until SIGTERM sets `stop`; a crash restarts it after a pause."""
    app = create_worker_app(info, settings, open_resources, run)
    serve(app, settings.model_copy(update={"drain_seconds": 0.0}))


def create_worker_app(
    info: AppInfo, settings: ProcessSettings, open_resources: OpenResources, run: Run
) -> FastAPI:
    """Make the application that `serve_worker` serves."""

    @asynccontextmanager
    async def open_and_run() -> AsyncIterator[Any]:
        readiness: Readiness = app.state.readiness
        async with open_resources() as resources:
            loops = asyncio.create_task(_keep_running(run, resources, readiness.draining))
            try:
                yield resources
            finally:
                readiness.mark_draining()
                await _finish(loops)

    app = create_app(info, settings, open_and_run, routers=[])
    return app


async def _keep_running(run: Run, resources: Any, stop: asyncio.Event) -> None:
    pause_s = RESTART_FIRST_S
    loop = asyncio.get_running_loop()
    while not stop.is_set():
        began_s = loop.time()
        try:
            await run(resources, stop)
        except Exception:
            log.exception("loop_crashed", restart_in_s=pause_s)
        else:
            return
        if loop.time() - began_s > SOUND_AFTER_S:
            pause_s = RESTART_FIRST_S
        await _wait(stop, pause_s)
        pause_s = min(pause_s * 2, RESTART_MAX_S)


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return


async def _finish(loops: asyncio.Task[None]) -> None:
    done, _ = await asyncio.wait([loops], timeout=FINISH_S)
    if not done:
        log.warning("loops_cancelled", after_s=FINISH_S)
        loops.cancel()
        await asyncio.wait([loops])
