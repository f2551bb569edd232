"""A rolling restart, as `make restart` does it, fails no request."""

import asyncio
from collections.abc import Sequence

import httpx
import pytest

from tests.failures.steady_load import steady_load
from tests.suite import Suite

REQUESTS_PER_SECOND = 25


@pytest.mark.parametrize("service", ["gateway", "users", "upload", "feed", "nginx"])
async def test_a_rolling_restart_fails_no_request(
    suite: Suite, phones: httpx.AsyncClient, reads: Sequence[httpx.Request], service: str
) -> None:
    before = {name: suite.pid(name) for name in suite.process_names(service)}
    async with steady_load(phones, reads, REQUESTS_PER_SECOND) as tally:
        await asyncio.to_thread(suite.restart, service)
    assert tally.failures == []
    assert tally.answered == tally.sent > 0
    if service != "nginx":
        assert tally.resent == 0
        # A balancer's master stays, since it holds the address that clients know.
        assert all(suite.pid(name) != pid for name, pid in before.items())
