"""Limits are exact for concurrent requests through any gateway."""

import asyncio
import uuid
from itertools import cycle

import pytest

from services.gateway.domain.limits import Limit, Partition, RateLimitState
from services.gateway.domain.route_classes import RouteClass
from services.gateway.store.limit_counters import LimitCounters
from shared.caching.redis_pipe import RedisPipe
from tests.suite import Suite

# So long a window that nothing refills during a test.
VIEWER = Limit(RouteClass.READS, Partition.VIEWER, 100, 36_000)
SESSION = Limit(RouteClass.READS, Partition.SESSION, 100, 36_000)
ADDRESS = Limit(RouteClass.READS, Partition.ADDRESS, 10, 36_000)


@pytest.fixture
def counters(pipes: tuple[RedisPipe, RedisPipe]) -> tuple[LimitCounters, LimitCounters]:
    return LimitCounters(pipes[0]), LimitCounters(pipes[1])


@pytest.fixture
def who() -> str:
    return uuid.uuid4().hex


def is_allowed(states: list[RateLimitState]) -> bool:
    return not any(state.is_refused for state in states)


async def test_concurrent_requests_through_two_gateways_pass_exactly_up_to_the_limit(
    counters: tuple[LimitCounters, LimitCounters], who: str
) -> None:
    gateways = cycle(counters)
    asked = [next(gateways).take({VIEWER: who}) for _ in range(400)]
    allowed = [is_allowed(states) for states in await asyncio.gather(*asked)]
    assert sum(allowed) == 100


async def test_a_request_refused_by_one_limit_counts_for_no_other(
    counters: tuple[LimitCounters, LimitCounters], who: str
) -> None:
    for _ in range(30):
        await counters[0].take({VIEWER: who, ADDRESS: who})
    (viewer,) = await counters[0].take({VIEWER: who})
    assert viewer.remaining == 100 - 10 - 1


async def test_a_refusal_says_how_long_to_wait(
    counters: tuple[LimitCounters, LimitCounters], who: str
) -> None:
    for _ in range(10):
        (state,) = await counters[0].take({ADDRESS: who})
        assert not state.is_refused
    (state,) = await counters[0].take({ADDRESS: who})
    assert state.is_refused
    # One request returns every hour.
    assert 3_500 <= state.reset_s <= 3_600


async def test_other_callers_are_not_affected(
    counters: tuple[LimitCounters, LimitCounters], who: str
) -> None:
    for _ in range(11):
        await counters[0].take({ADDRESS: who})
    (state,) = await counters[0].take({ADDRESS: who + "2"})
    assert state.remaining == 9


async def test_a_bucket_expires_once_it_is_full(
    counters: tuple[LimitCounters, LimitCounters], who: str, data_suite: Suite
) -> None:
    await counters[0].take({VIEWER: who, SESSION: who, ADDRESS: who})
    async with data_suite.redis("gateway") as redis:
        keys = [key async for key in redis.scan_iter("limit:*")]
        lifetimes = [await redis.pttl(key) for key in keys]
    assert keys
    assert all(0 <= ms <= VIEWER.window_us // 1000 for ms in lifetimes if ms != -2)


async def test_no_token_is_kept_in_redis(
    counters: tuple[LimitCounters, LimitCounters], who: str, data_suite: Suite
) -> None:
    await counters[0].take({SESSION: f"rta_{who}"})
    async with data_suite.redis("gateway") as redis:
        keys = [key async for key in redis.scan_iter("limit:reads-session:*")]
    assert keys
    assert not any(who in key.decode() for key in keys)


async def test_without_redis_each_gateway_counts_for_itself(who: str) -> None:
    closed = RedisPipe("redis://nowhere.internal", None)  # type: ignore[arg-type] # never opened
    alone = LimitCounters(closed)
    allowed = [is_allowed(await alone.take({ADDRESS: who})) for _ in range(15)]
    assert allowed == [True] * 10 + [False] * 5


async def test_an_emptied_redis_stays_in_use(
    counters: tuple[LimitCounters, LimitCounters], who: str, data_suite: Suite
) -> None:
    async with data_suite.redis("gateway") as redis:
        await redis.flushall()
    (state,) = await counters[0].take({ADDRESS: who})
    assert state.remaining == 9
