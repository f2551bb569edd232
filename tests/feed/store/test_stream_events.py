"""Events for listeners in Redis."""

from typing import Any

import pytest
from redis import asyncio as aioredis

from services.feed.resources import Resources
from services.feed.store.stream_events import listeners_key, stream_key
from shared.contracts.stream import About
from shared.errors import Unavailable
from tests.feed.cast import new_id

ABOUT: list[About] = [{"post_id": "493848221934518272"}]


async def test_only_listeners_are_told_and_others_cost_nothing(
    resources: Resources,
) -> None:
    stream, alice, bob = resources.stream, new_id(), new_id()
    after = await stream.last_id()
    assert await stream.tell("home", [alice, bob], ABOUT) == 0
    assert await stream.read(after, 0) == []
    await stream.listen([bob])
    assert await stream.tell("home", [alice, bob], ABOUT) == 1
    (event,) = await stream.read(after, 0)
    assert (event["kind"], event["viewer_ids"]) == ("home", [bob])
    assert (event["about"], event["missed"]) == (ABOUT, False)
    assert await stream.read(event["id"], 0) == []


async def test_each_listener_is_told_of_their_own_events(resources: Resources) -> None:
    stream, alice, bob, carol = resources.stream, new_id(), new_id(), new_id()
    after = await stream.last_id()
    await stream.listen([bob, carol])
    many: list[About] = [{"post_id": str(number)} for number in range(1, 43)]
    assert await stream.tell_each("activity", {alice: ABOUT, bob: ABOUT, carol: many}) == 2
    first, second = await stream.read(after, 0)
    assert (first["viewer_ids"], first["about"], first["missed"]) == ([bob], ABOUT, False)
    assert (second["viewer_ids"], second["about"]) == ([carol], many[2:])
    assert second["missed"]


async def test_entries_end_after_two_minutes_although_others_follow(
    resources: Resources, redis: aioredis.Redis
) -> None:
    stream, alice, bob = resources.stream, new_id(), new_id()
    await redis.delete(stream_key())
    now_ms = int((await redis.time())[0]) * 1000
    for age_s in (180, 60):
        said: dict[Any, Any] = {"kind": "home", "viewers": str(alice), "about": "[[],false]"}
        await redis.xadd(stream_key(), said, id=f"{now_ms - age_s * 1000}-0")
    await stream.listen([bob])
    await stream.tell("home", [bob], ABOUT)
    entries: Any = await redis.xrange(stream_key())
    assert [fields[b"viewers"] for _id, fields in entries] == [
        str(alice).encode(),
        str(bob).encode(),
    ]


async def test_every_listener_is_found(resources: Resources, redis: aioredis.Redis) -> None:
    await redis.delete(listeners_key())
    viewers = {new_id() for _ in range(1_300)}
    await resources.stream.listen(sorted(viewers))
    found = [viewer async for batch in resources.stream.listeners() for viewer in batch]
    assert set(found) == viewers


async def test_viewers_registered_before_are_returned_as_known(
    resources: Resources, redis: aioredis.Redis
) -> None:
    stream, alice, bob = resources.stream, new_id(), new_id()
    assert await stream.listen([alice]) == []
    assert await stream.listen([alice, bob]) == [alice]
    await redis.zadd(listeners_key(), {str(alice): 1})
    assert await stream.listen([alice, bob]) == [bob]
    assert await stream.listen([]) == []


async def test_the_first_id_precedes_the_next_event_even_in_an_empty_redis(
    resources: Resources, redis: aioredis.Redis
) -> None:
    stream, alice = resources.stream, new_id()
    await stream.listen([alice])
    for _ in range(2):
        after = await stream.last_id()
        await stream.tell("activity", [alice], ABOUT)
        (event,) = await stream.read(after, 0)
        assert event["viewer_ids"] == [alice]
        await redis.delete(stream_key())


async def test_every_key_expires(resources: Resources, redis: aioredis.Redis) -> None:
    await resources.stream.listen([1])
    await resources.stream.tell("home", [1], ABOUT)
    for key in (stream_key(), listeners_key()):
        assert 0 < await redis.ttl(key) <= 120


async def test_without_redis_every_call_raises__edis_way(without_redis: Resources) -> None:
    with pytest.raises(Unavailable):
        await without_redis.stream.tell("home", [1], ABOUT)
    with pytest.raises(Unavailable):
        await without_redis.stream.last_id()
