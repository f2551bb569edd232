"""Fewer calls at once while they are slow; what is worth least is refused first."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from shared.errors import Overloaded
from shared.web.adaptive_limit import AdaptiveLimit, AdaptiveRules
from shared.worth import Worth, worth

# Every call ends a window of its own.
RULES = AdaptiveRules(
    calls_at_start=10, calls_min=4, calls_max=12, window_s=0, samples_min=1, slow_windows=1
)
QUICK_S, SLOW_S = 0.004, 0.9


@contextmanager
def worth_of(given: Worth) -> Iterator[None]:
    token = worth.set(given)
    try:
        yield
    finally:
        worth.reset(token)


async def call(limit: AdaptiveLimit, took_s: float) -> None:
    await limit.enter()
    limit.leave(took_s)


async def fill(limit: AdaptiveLimit, calls: int) -> None:
    with worth_of(Worth.VITAL):
        for _ in range(calls):
            await limit.enter()


async def test_slow_reads_lower_the_limit_but_not_to_nothing() -> None:
    limit = AdaptiveLimit("feed", RULES)
    await call(limit, QUICK_S)
    await call(limit, SLOW_S)
    assert limit.calls_max == 8
    for _ in range(30):
        await call(limit, SLOW_S)
    assert limit.calls_max == RULES.calls_min


async def test_what_is_over_in_a_moment_changes_nothing() -> None:
    limit = AdaptiveLimit("feed", replace(RULES, slow_windows=3))
    for _time in range(5):
        await call(limit, QUICK_S)
        await call(limit, QUICK_S)
        await call(limit, SLOW_S)
        await call(limit, SLOW_S)
        assert limit.calls_max == RULES.calls_at_start
    await call(limit, SLOW_S)
    assert limit.calls_max < RULES.calls_at_start


async def test_quick_reads_raise_it_again_where_it_is_used() -> None:
    limit = AdaptiveLimit("feed", RULES)
    await call(limit, QUICK_S)
    for _ in range(30):
        await call(limit, SLOW_S)
    await fill(limit, 3)
    for _ in range(30):
        await call(limit, QUICK_S)
    assert limit.calls_max > RULES.calls_min


async def test_a_limit_that_is_not_used_stays() -> None:
    limit = AdaptiveLimit("feed", RULES)
    for _ in range(30):
        await call(limit, QUICK_S)
    assert limit.calls_max == RULES.calls_at_start


async def test_after_trouble_it_rises_unused_as_far_as_a_burst_needs() -> None:
    limit = AdaptiveLimit("feed", RULES)
    await call(limit, QUICK_S)
    for _ in range(30):
        await call(limit, SLOW_S)
    for _ in range(30):
        await call(limit, QUICK_S)
    assert limit.calls_max == RULES.calls_at_start


async def test_nobody_waits_while_somebody_has_just_waited_in_vain() -> None:
    limit = AdaptiveLimit("feed", AdaptiveRules(calls_at_start=8, wait_s_max=0, in_vain_s=60))
    await fill(limit, 8)
    with pytest.raises(Overloaded) as first:
        await limit.enter()
    with pytest.raises(Overloaded) as second:
        await limit.enter()
    assert isinstance(first.value.__cause__, TimeoutError)
    assert second.value.__cause__ is None
    limit.leave(None)
    await fill(limit, 1)


async def test_what_says_nothing_changes_nothing() -> None:
    limit = AdaptiveLimit("feed", RULES)
    await call(limit, QUICK_S)
    for _ in range(30):
        await limit.enter()
        limit.leave(None)
    assert limit.calls_max == RULES.calls_at_start


@pytest.mark.parametrize(
    ("worth_", "places"), [(Worth.SHEDDABLE, 5), (Worth.NORMAL, 9), (Worth.VITAL, 10)]
)
async def test_what_is_worth_more_finds_more_room(worth_: Worth, places: int) -> None:
    limit = AdaptiveLimit("feed", RULES)
    with worth_of(worth_):
        for _ in range(places):
            await limit.enter()
        with pytest.raises(Overloaded) as refusal:
            await limit.enter()
    assert refusal.value.retry_after_s == 1


async def test_callers_should_ask_for_less_once_the_least_is_refused() -> None:
    limit = AdaptiveLimit("feed", RULES)
    await fill(limit, 4)
    assert not limit.is_pressed
    await fill(limit, 1)
    assert limit.is_pressed


async def test_one_who_waits_gets_the_place_of_one_who_leaves() -> None:
    limit = AdaptiveLimit("feed", AdaptiveRules(calls_at_start=8, wait_s_max=10))
    await fill(limit, 8)
    waiting = asyncio.create_task(limit.enter())
    asyncio.get_running_loop().call_soon(limit.leave, None)
    await waiting
    assert limit.is_pressed


async def test_so_many_wait_and_no_more() -> None:
    limit = AdaptiveLimit("feed", RULES)
    await fill(limit, 10)
    asked = [limit.enter() for _ in range(50)]
    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    assert all(isinstance(outcome, Overloaded) for outcome in outcomes)


async def test_one_who_gives_up_waiting_takes_no_place() -> None:
    limit = AdaptiveLimit("feed", AdaptiveRules(calls_at_start=8, wait_s_max=10))
    await fill(limit, 8)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await limit.enter()
    limit.leave(None)
    await fill(limit, 1)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await limit.enter()
