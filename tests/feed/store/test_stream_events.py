"""Events for those who listen, in Redis."""

import pytest
from redis import asyncio as aioredis

from services.feed.resources import Resources
from services.feed.store.stream_events import listeners_key, stream_key
from shared.errors import Unavailable
from tests.feed.cast import new_id


async def test_only_those_who_listen_are_told_and_the_others_cost_nothing(
    resources: Resources,
) -> None:
    stream, alice, bob = resources.stream, new_id(), new_id()
    after = await stream.last_id()
    assert await stream.tell("home", [alice, bob]) == 0
    assert await stream.read(after, 0) == []
    await stream.listen([bob])
    assert await stream.tell("home", [alice, bob]) == 1
    (event,) = await stream.read(after, 0)
    assert (event["kind"], event["viewer_ids"]) == ("home", [bob])
    assert await stream.read(event["id"], 0) == []


async def test_everybody_who_listens_is_found(resources: Resources, redis: aioredis.Redis) -> None:
    await redis.delete(listeners_key())
    viewers = {new_id() for _ in range(1_300)}
    await resources.stream.listen(sorted(viewers))
    found = [viewer async for batch in resources.stream.listeners() for viewer in batch]
    assert set(found) == viewers


async def test_who_listened_all_the_time_is_known(
    resources: Resources, redis: aioredis.Redis
) -> None:
    stream, alice, bob = resources.stream, new_id(), new_id()
    assert await stream.listen([alice]) == []
    assert await stream.listen([alice, bob]) == [alice]
    await redis.zadd(listeners_key(), {str(alice): 1})
    assert await stream.listen([alice, bob]) == [bob]
    assert await stream.listen([]) == []


async def test_where_to_begin_is_before_whatever_comes_next_also_in_an_empty_redis(
    resources: Resources, redis: aioredis.Redis
) -> None:
    stream, alice = resources.stream, new_id()
    await stream.listen([alice])
    for _ in range(2):
        after = await stream.last_id()
        await stream.tell("activity", [alice])
        (event,) = await stream.read(after, 0)
        assert event["viewer_ids"] == [alice]
        await redis.delete(stream_key())


async def test_nothing_stays_for_long(resources: Resources, redis: aioredis.Redis) -> None:
    await resources.stream.listen([1])
    await resources.stream.tell("home", [1])
    for key in (stream_key(), listeners_key()):
        assert 0 < await redis.ttl(key) <= 120


async def test_without_redis_it_says_so(without_redis: Resources) -> None:
    with pytest.raises(Unavailable):
        await without_redis.stream.tell("home", [1])
    with pytest.raises(Unavailable):
        await without_redis.stream.last_id()
