"""A rotation of the databases' passwords fails no request."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack

import httpx
import pytest

from infra.control.database_rotation import (
    rotate_database_roles,
    rotate_replication,
    rotate_superuser,
)
from infra.control.progress import Progress
from infra.suite import Suite as OnDisk
from tests.failures.steady_load import steady_load
from tests.suite import Suite

# Together 50 a second, of 15 phones.
LOADS = 5
REQUESTS_PER_SECOND = 10

QUIET = Progress(quiet=True)
ROTATIONS: dict[str, Callable[[OnDisk], Awaitable[None]]] = {
    "users": lambda suite: rotate_database_roles(suite, "users", QUIET),
    "upload": lambda suite: rotate_database_roles(suite, "upload", QUIET),
    "feed": lambda suite: rotate_database_roles(suite, "feed", QUIET),
    "replication": lambda suite: rotate_replication(suite, QUIET),
    "superuser": lambda suite: rotate_superuser(suite, QUIET),
}


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("what", ROTATIONS)
async def test_a_rotation_fails_no_request(
    suite: Suite, phones: httpx.AsyncClient, reads: Sequence[httpx.Request], what: str
) -> None:
    async def rotated() -> None:
        await ROTATIONS[what](suite.opened())

    async with AsyncExitStack() as loads:
        tallies = [
            await loads.enter_async_context(steady_load(phones, reads, REQUESTS_PER_SECOND))
            for _ in range(LOADS)
        ]
        # In a thread, because rendering and the supervisor would hold up the requests.
        await asyncio.to_thread(lambda: asyncio.run(rotated()))
    assert [failure for tally in tallies for failure in tally.failures] == []
    assert all(tally.answered == tally.sent > 0 for tally in tallies)
    assert [
        name for name in suite.process_names("postgres") if not await suite.is_healthy(name)
    ] == []
