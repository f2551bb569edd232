"""Copies of sessions in Redis: never older than the truth, and never required."""

import itertools
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from redis import asyncio as aioredis

from services.users.domain.sessions import Session, TokenPair, access_expiry
from services.users.settings import UsersSettings
from services.users.store.session_cache import COPY_LIFETIME_MS, Ended, SessionCache
from shared.caching.redis_client import open_redis
from shared.network.network import open_network
from tests.absent_redis import redis_that_is_away

NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
_ids = itertools.count(2**61)


def _session(generation: int = 1, session_id: int | None = None) -> Session:
    current = TokenPair(generation, NOW, b"a" * 32, b"r" * 32)
    return Session(session_id or next(_ids), 7, "phone", NOW, current)


@pytest.fixture
async def redis(settings: UsersSettings) -> AsyncIterator[aioredis.Redis]:
    async with open_network(settings) as network:
        client = await open_redis(settings.redis_url.get_secret_value(), network)
        yield client
        await client.aclose()


@pytest.fixture
def cache(redis: aioredis.Redis) -> SessionCache:
    return SessionCache(redis)


async def test_a_remembered_session_is_enough_to_check_its_tokens(cache: SessionCache) -> None:
    first = _session()
    pair = TokenPair(2, NOW + timedelta(minutes=1), b"b" * 32, b"s" * 32)
    session = replace(first, current=pair, previous=first.current)
    await cache.remember([session])
    copy = (await cache.find_many([session.id]))[session.id]
    assert isinstance(copy, Session)
    for generation, access_hash in ((1, b"a" * 32), (2, b"b" * 32)):
        assert access_expiry(copy, generation, access_hash, NOW) == access_expiry(
            session, generation, access_hash, NOW
        )
    assert (copy.id, copy.user_id) == (session.id, session.user_id)


async def test_an_unknown_session_is_not_found(cache: SessionCache) -> None:
    assert await cache.find_many([next(_ids)]) == {}


async def test_the_mark_of_an_end_is_not_overwritten_by_a_slow_reader(cache: SessionCache) -> None:
    session = _session()
    await cache.remember([session])
    assert await cache.mark_ended([session.id])
    await cache.remember([session])
    assert await cache.find_many([session.id]) == {session.id: Ended()}


async def test_a_later_generation_is_not_overwritten_by_a_slow_reader(cache: SessionCache) -> None:
    newer = _session(generation=10)
    await cache.remember([newer])
    await cache.remember([_session(generation=9, session_id=newer.id)])
    copy = (await cache.find_many([newer.id]))[newer.id]
    assert isinstance(copy, Session)
    assert copy.current.generation == 10


async def test_every_key_expires(cache: SessionCache, redis: aioredis.Redis) -> None:
    live, ended = _session(), _session()
    await cache.remember([live])
    await cache.mark_ended([ended.id])
    assert 0 < await redis.pttl(f"session:{live.id}") <= COPY_LIFETIME_MS
    assert await redis.pttl(f"session:{ended.id}") > 0


async def test_no_hash_of_a_refresh_token_leaves_postgres(
    cache: SessionCache, redis: aioredis.Redis
) -> None:
    session = _session()
    await cache.remember([session])
    kept = await redis.get(f"session:{session.id}")
    assert isinstance(kept, bytes)
    assert (b"r" * 32).hex().encode() not in kept


async def test_without_redis_nothing_is_found_or_stored() -> None:
    nowhere = redis_that_is_away()
    cache = SessionCache(nowhere)
    session = _session()
    assert await cache.find_many([session.id]) == {}
    await cache.remember([session])
    assert not await cache.mark_ended([session.id])
    await nowhere.aclose()


async def test_after_a_failure_redis_rests_for_a_moment() -> None:
    nowhere = redis_that_is_away()
    cache = SessionCache(nowhere)
    assert await cache.find_many([1]) == {}
    asked_again_s = cache._asked_again_s
    assert await cache.find_many([1]) == {}
    assert cache._asked_again_s == asked_again_s
    await nowhere.aclose()
