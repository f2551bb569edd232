"""Keeps a process from being ready for as long as something says that it cannot work yet."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from shared.http_server.readiness import Readiness
from shared.logs import get_logger

# Given the resources: a sentence that says what is in the way, or nothing.
FindObstacle = Callable[[Any], Awaitable[str]]

LOOK_AGAIN_S = 1.0

log = get_logger()


@asynccontextmanager
async def ready_without(
    find: FindObstacle | None, resources: Any, readiness: Readiness
) -> AsyncIterator[None]:
    """Mark the process ready once `find` names no obstacle; without `find` at once."""
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
        # What cannot be found out keeps nobody from work.
        log.exception("obstacle_unknown")
        return ""
