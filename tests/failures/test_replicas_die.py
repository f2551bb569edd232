"""A replica dies under load: no request fails, and DNS follows."""

import asyncio
import signal
from collections.abc import Sequence

import httpx
import pytest

from tests.eventually import eventually
from tests.failures.steady_load import Tally, steady_load
from tests.suite import Suite

REQUESTS_PER_SECOND = 12
ANSWERS_BETWEEN = 2 * REQUESTS_PER_SECOND


@pytest.mark.parametrize("service", ["users", "upload", "feed", "gateway"])
async def test_a_killed_replica_fails_no_request(
    suite: Suite, phones: httpx.AsyncClient, reads: Sequence[httpx.Request], service: str
) -> None:
    name, host = f"{service}-1", f"{service}.internal"
    address = suite.process(name).address
    assert address in await suite.addresses(host)

    async def has_left() -> None:
        assert address not in await suite.addresses(host)

    async def is_back() -> None:
        assert address in await suite.addresses(host)

    async with steady_load(phones, reads, REQUESTS_PER_SECOND) as tally:
        await _more_answers(tally)
        suite.kill(name)
        # The supervisor would restart it before the name server checks.
        stopping = asyncio.create_task(suite.stop(name))
        await eventually(has_left)
        await stopping
        await _more_answers(tally)
        await suite.start(name)
        await eventually(is_back)
        await _more_answers(tally)
    assert tally.failures == []
    assert tally.resent == 0
    assert tally.answered == tally.sent


@pytest.mark.parametrize("service", ["users", "feed"])
async def test_a_silent_replica_gets_no_more_calls(
    suite: Suite, phones: httpx.AsyncClient, reads: Sequence[httpx.Request], service: str
) -> None:
    name, host = f"{service}-1", f"{service}.internal"
    address = suite.process(name).address
    only_reads = [request for request in reads if request.method == "GET"]

    async def has_left() -> None:
        assert address not in await suite.addresses(host)

    async def is_back() -> None:
        assert address in await suite.addresses(host)

    async with steady_load(phones, only_reads, REQUESTS_PER_SECOND) as tally:
        await _more_answers(tally)
        suite.kill(name, signal.SIGSTOP)
        try:
            await eventually(has_left, within_s=20)
            # The other replica has answered the earlier requests, or they were lost.
            await _more_answers(tally)
            failed_before = len(tally.failures)
            await _more_answers(tally)
            assert tally.failures[failed_before:] == []
        finally:
            suite.kill(name, signal.SIGCONT)
        await eventually(is_back, within_s=20)
        # Wait until all know that it is back: the next test stops another one.
        await _more_answers(tally)
    assert len(tally.failures) <= tally.sent // 20


async def test_the_supervisor_brings_a_killed_replica_back(suite: Suite) -> None:
    before = suite.pid("feed-2")
    suite.kill("feed-2")

    async def runs_again() -> None:
        assert suite.pid("feed-2") not in {0, before}
        assert suite.process("feed-2").address in await suite.addresses("feed.internal")
        assert await suite.is_healthy("feed-2")

    await eventually(runs_again, within_s=30)


async def test_one_balancer_serves_while_the_other_is_dead(
    suite: Suite, phones: httpx.AsyncClient, reads: Sequence[httpx.Request]
) -> None:
    await suite.stop("nginx-1")
    try:
        for request in reads:
            url = request.url.copy_with(host=suite.process("nginx-2").address)
            reply = await phones.request(request.method, url, headers=_authorization(request))
            assert reply.status_code == 200, reply.text
    finally:
        await suite.start("nginx-1")


def _authorization(request: httpx.Request) -> dict[str, str]:
    return {"Authorization": request.headers["Authorization"]}


async def _more_answers(tally: Tally) -> None:
    wanted = tally.answered + ANSWERS_BETWEEN

    def enough() -> None:
        assert tally.answered >= wanted, tally.failures

    await eventually(enough, within_s=20)
