"""Sign-in counts: exact for concurrent tries, and still limited without Redis."""

import asyncio
import secrets
from collections.abc import AsyncIterator

import pytest
from redis import asyncio as aioredis

from services.users.domain.sign_in_limits import GuessLimits, Limit
from services.users.settings import UsersSettings
from services.users.store.sign_in_limits import SignInLimits
from shared.caching import redis_client
from shared.caching.redis_client import open_redis
from shared.network.network import open_network
from tests.absent_redis import redis_that_is_away
from tests.eventually import eventually

FIVE = Limit(5, 60_000)
OF_FIVE = GuessLimits(FIVE)
WAIT_S = 30.0


@pytest.fixture
async def redis(
    settings: UsersSettings, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[aioredis.Redis]:
    # On a busy machine Redis must not count as away, since each process would count for itself.
    monkeypatch.setattr(redis_client, "SOCKET_TIMEOUT_S", WAIT_S)
    monkeypatch.setattr(redis_client, "POOL_WAIT_S", WAIT_S)
    async with open_network(settings) as network:
        client = await open_redis(settings.redis_url.get_secret_value(), network)
        yield client
        await client.aclose()


async def test_exactly_the_limit_of_concurrent_tries_passes(redis: aioredis.Redis) -> None:
    # Two processes that do not know each other.
    both = [SignInLimits(redis, OF_FIVE), SignInLimits(redis, OF_FIVE)]
    source = secrets.token_hex(8)
    waits = await asyncio.gather(*(both[n % 2].take_try(source) for n in range(40)))
    assert waits.count(0) == 5
    assert all(0 < wait <= FIVE.window_ms for wait in waits if wait)
    assert await both[0].take_try(secrets.token_hex(8)) == 0


async def test_a_removed_failure_makes_room(redis: aioredis.Redis) -> None:
    limits, whose = SignInLimits(redis, OF_FIVE), secrets.token_hex(8)
    for guess in range(5):
        assert await limits.take_failure(whose, FIVE, str(guess)) == 0
    assert await limits.take_failure(whose, FIVE, "sixth") > 0
    await limits.give_failure_back(whose, "2")
    assert await limits.take_failure(whose, FIVE, "sixth") == 0
    assert await limits.take_failure(whose, FIVE, "seventh") > 0


async def test_the_window_slides_and_keys_expire(redis: aioredis.Redis) -> None:
    limits, source = SignInLimits(redis, GuessLimits(Limit(1, 100))), secrets.token_hex(8)
    assert await limits.take_try(source) == 0
    assert await redis.pttl(f"sign_in_tries:{source}") <= 100
    assert await limits.take_try(source) > 0

    async def may_again() -> None:
        assert await limits.take_try(source) == 0

    await eventually(may_again)


async def test_without_redis_each_process_counts_for_itself() -> None:
    nowhere = redis_that_is_away()
    limits = SignInLimits(nowhere, OF_FIVE)
    waits = [await limits.take_try("203.0.113.7") for _ in range(7)]
    assert waits[:5] == [0] * 5
    assert all(wait > 0 for wait in waits[5:])
    for guess in range(5):
        assert await limits.take_failure("alice", FIVE, str(guess)) == 0
    await limits.give_failure_back("alice", "3")
    assert await limits.take_failure("alice", FIVE, "sixth") == 0
    assert await limits.take_failure("alice", FIVE, "seventh") > 0
    await nowhere.aclose()
