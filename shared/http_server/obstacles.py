"""Keeps a process unready until a check finds no obstacle to its work."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from shared.http_server.readiness import Readiness
from shared.logs import get_logger

# Takes the resources; returns a sentence that names the obstacle, or "" if there is none.
FindObstacle = Callable[[Any], Awaitable[str]]

LOOK_AGAIN_S = 1.0

log = get_logger()


@asynccontextmanager
async def ready_without(
    find: FindObstacle | None, resources: Any, readiness: Readiness
) -> AsyncIterator[None]:
    """Mark the process ready once `find` returns no obstacle, or at once without `find`."""
    if find is None:
        readiness.mark_ready()
        yield
        return
    looking = asyncio.create_task(_look(find, resources, readiness))
    try:
        yield
    finally:
        looking.cancel()
        await asyncio.wait([looking])


async def _look(find: FindObstacle, resources: Any, readiness: Readiness) -> None:
    while obstacle := await _found(find, resources):
        if obstacle != readiness.obstacle:
            log.error("not_ready", obstacle=obstacle)
        readiness.obstacle = obstacle
        await asyncio.sleep(LOOK_AGAIN_S)
    readiness.obstacle = ""
    readiness.mark_ready()


async def _found(find: FindObstacle, resources: Any) -> str:
    try:
        return await find(resources)
    except Exception:
        # A failing check must not keep the process from work.
        log.exception("obstacle_unknown")
        return ""
