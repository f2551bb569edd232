"""Concurrent callers share one run of the same work."""

import asyncio

import pytest

from services.feed.store.single_flight import SingleFlight


async def test_concurrent_callers_share_a_run_and_later_ones_start_another() -> None:
    flights: SingleFlight[str, int] = SingleFlight()
    runs = 0

    async def work() -> int:
        nonlocal runs
        runs += 1
        return runs

    assert await asyncio.gather(*(flights.share("key", work) for _ in range(5))) == [1] * 5
    assert await flights.share("key", work) == 2
    assert flights.running("key") is None


async def test_a_fault_reaches_every_caller_and_is_not_remembered() -> None:
    flights: SingleFlight[str, int] = SingleFlight()

    async def fail() -> int:
        raise LookupError

    async def succeed() -> int:
        return 1

    ends = await asyncio.gather(
        *(flights.share("key", fail) for _ in range(3)), return_exceptions=True
    )
    assert [type(end) for end in ends] == [LookupError] * 3
    assert await flights.share("key", succeed) == 1


async def test_other_keys_do_not_wait() -> None:
    flights: SingleFlight[str, int] = SingleFlight()
    blocked = asyncio.Event()

    async def wait() -> int:
        await blocked.wait()
        return 1

    async def go() -> int:
        return 2

    waiting = asyncio.create_task(flights.share("slow", wait))
    assert await flights.share("quick", go) == 2
    blocked.set()
    assert await waiting == 1


async def test_a_run_outlives_the_caller_that_started_it() -> None:
    flights: SingleFlight[str, int] = SingleFlight()
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def work() -> int:
        begun.set()
        await may_end.wait()
        return 7

    first = asyncio.create_task(flights.share("key", work))
    await begun.wait()
    second = asyncio.create_task(flights.share("key", work))
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    may_end.set()
    assert await second == 7
