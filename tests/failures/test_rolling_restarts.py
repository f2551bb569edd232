"""A rolling restart, as by `make restart`, fails no request."""

import asyncio
import signal
from collections.abc import Sequence

import httpx
import pytest

from infra.control.failures import SuiteFailure
from tests.failures.steady_load import steady_load
from tests.suite import Suite

REQUESTS_PER_SECOND = 12


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
        # A balancer's master stays, because it holds the clients' address.
        assert all(suite.pid(name) != pid for name, pid in before.items())


async def test_an_instance_that_was_left_stopped_starts_before_the_other_one_restarts(
    suite: Suite, phones: httpx.AsyncClient, reads: Sequence[httpx.Request]
) -> None:
    before = suite.pid("users-1")
    await suite.stop("users-2")
    async with steady_load(phones, reads, REQUESTS_PER_SECOND) as tally:
        await suite.restart_within("users-1")
    assert tally.failures == []
    assert suite.pid("users-2")
    assert suite.pid("users-1") != before


async def test_a_replica_is_not_restarted_while_the_other_is_stopped(
    suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.control.others.PATIENCE_S", 1.0)
    before = suite.pid("users-1")
    suite.kill("users-2", signal.SIGSTOP)
    try:
        with pytest.raises(SuiteFailure, match="users-2 does not answer"):
            await suite.restart_within("users-1")
    finally:
        suite.kill("users-2", signal.SIGCONT)
    assert suite.pid("users-1") == before
