"""The list of a home timeline: deliveries, trims and rebuilds."""

from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import asyncio as aioredis

from services.feed.domain.skeletons import Skeleton
from services.feed.store.entry_lists import BeingRebuilt
from services.feed.store.home_timelines import (
    IDLE_SECONDS_MAX,
    HomeTimelines,
    home_key,
)
from services.feed.store.hot_reads import HotReads
from shared.caching.redis_guard import RedisGuard
from tests.feed.cast import new_id


@pytest.fixture
def timelines(redis: aioredis.Redis, reads: HotReads) -> HomeTimelines:
    return HomeTimelines(redis, reads, RedisGuard(), entries_max=5, trim_slack=2)


async def _made(timelines: HomeTimelines, ids: Sequence[int] = (), floor: int = 0) -> int:
    user = new_id()
    token = await timelines.begin_rebuild(user)
    assert token is not None
    assert await timelines.finish_rebuild(user, token, Skeleton(ids, floor))
    return user


async def _skeleton(timelines: HomeTimelines, user: int) -> Skeleton:
    found = await timelines.find(user)
    assert isinstance(found, Skeleton)
    return found


async def test_a_reader_without_a_timeline_gets_no_delivery(timelines: HomeTimelines) -> None:
    user = new_id()
    assert await timelines.push(9, [user]) == 0
    assert await timelines.find(user) is None


async def test_an_empty_timeline_exists_and_takes_deliveries(timelines: HomeTimelines) -> None:
    user = await _made(timelines)
    assert await _skeleton(timelines, user) == Skeleton([], 0)
    assert await timelines.push(9, [user, new_id()]) == 1
    assert await _skeleton(timelines, user) == Skeleton([9], 0)


async def test_a_trim_raises_the_floor_to_the_newest_entry_removed(
    timelines: HomeTimelines, redis: aioredis.Redis
) -> None:
    user = await _made(timelines)
    for id_ in (1, 2, 9, 3, 4, 5, 6):
        await timelines.push(id_, [user])
    assert await _skeleton(timelines, user) == Skeleton([9, 6, 5, 4, 3, 2, 1], 0)
    await timelines.push(7, [user])
    # 1, 2 and 9 arrived first and were trimmed: above 9 nothing is certain about 3 to 7.
    assert await _skeleton(timelines, user) == Skeleton([], 9)
    assert await redis.llen(home_key(user)) == 6


async def test_ids_are_compared_as_numbers(timelines: HomeTimelines) -> None:
    user = await _made(timelines)
    big = 2**62
    for id_ in (99, 100, big, big + 1, big + 2, big + 3, big + 4, big + 5):
        await timelines.push(id_, [user])
    assert await _skeleton(timelines, user) == Skeleton([big + n for n in (5, 4, 3, 2, 1)], big)


async def test_a_trim_never_lowers_the_floor(timelines: HomeTimelines) -> None:
    user = await _made(timelines, [80, 70], floor=60)
    for id_ in (10, 11, 12, 13, 14, 90):
        await timelines.push(id_, [user])
    assert (await _skeleton(timelines, user)).floor == 80


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.one_of(
            st.integers(1, 60),
            st.tuples(st.lists(st.integers(1, 60), max_size=8), st.integers(0, 40)),
        ),
        max_size=40,
    )
)
async def test_every_arrival_above_the_floor_is_in_the_list(
    timelines: HomeTimelines, arrivals: list[int | tuple[list[int], int]]
) -> None:
    user = await _made(timelines)
    arrived: set[int] = set()
    for arrival in arrivals:
        if isinstance(arrival, int):
            arrived.add(arrival)
            await timelines.push(arrival, [user])
        else:
            ids, floor = arrival
            arrived.update(ids)
            await timelines.merge(user, ids, floor)
        skeleton = await _skeleton(timelines, user)
        assert list(skeleton.ids) == sorted(
            (id_ for id_ in arrived if id_ > skeleton.floor), reverse=True
        )


async def test_merged_ids_are_in_order_and_the_list_is_trimmed(
    timelines: HomeTimelines,
) -> None:
    user = await _made(timelines, [50, 40, 20])
    assert await timelines.merge(user, [45, 20, 10], 0)
    assert await _skeleton(timelines, user) == Skeleton([50, 45, 40, 20, 10], 0)
    assert await timelines.merge(user, [47], 0)
    assert await _skeleton(timelines, user) == Skeleton([50, 47, 45, 40, 20], 10)


async def test_merging_part_of_somebodys_posts_raises_the_floor(timelines: HomeTimelines) -> None:
    user = await _made(timelines, [50, 40, 20])
    await timelines.merge(user, [45, 35], 30)
    assert await _skeleton(timelines, user) == Skeleton([50, 45, 40, 35], 30)


async def test_a_merge_keeps_the_time_to_live_and_creates_no_list(
    timelines: HomeTimelines, redis: aioredis.Redis
) -> None:
    user = await _made(timelines, [5])
    await redis.expire(home_key(user), 1000)
    await timelines.merge(user, [6], 0)
    assert 990 < await redis.ttl(home_key(user)) <= 1000
    stranger = new_id()
    assert not await timelines.merge(stranger, [6], 0)
    assert await timelines.find(stranger) is None


async def test_deliveries_land_in_a_list_that_is_being_rebuilt(timelines: HomeTimelines) -> None:
    user = new_id()
    token = await timelines.begin_rebuild(user)
    assert token is not None
    assert isinstance(await timelines.find(user), BeingRebuilt)
    assert await timelines.push(9, [user]) == 1
    assert await timelines.finish_rebuild(user, token, Skeleton([7, 5], 3))
    assert await _skeleton(timelines, user) == Skeleton([9, 7, 5], 3)


async def test_only_one_rebuild_runs_at_a_time(timelines: HomeTimelines) -> None:
    user = new_id()
    token = await timelines.begin_rebuild(user)
    assert token is not None
    assert await timelines.begin_rebuild(user) is None
    await timelines.abandon_rebuild(user, "somebody else's")
    assert await timelines.exists(user)
    await timelines.abandon_rebuild(user, token)
    assert not await timelines.exists(user)


async def test_a_dropped_rebuild_and_one_of_another_token_cannot_be_finished(
    timelines: HomeTimelines,
) -> None:
    user = new_id()
    first = await timelines.begin_rebuild(user)
    assert first is not None
    await timelines.drop(user)
    assert not await timelines.finish_rebuild(user, first, Skeleton([7], 0))
    assert not await timelines.exists(user)
    second = await timelines.begin_rebuild(user)
    assert second is not None
    assert not await timelines.finish_rebuild(user, first, Skeleton([7], 0))
    assert await timelines.finish_rebuild(user, second, Skeleton([8], 0))
    assert await _skeleton(timelines, user) == Skeleton([8], 0)


async def test_a_rebuild_with_too_many_deliveries_is_dropped(
    timelines: HomeTimelines,
) -> None:
    user = new_id()
    token = await timelines.begin_rebuild(user)
    assert token is not None
    for id_ in range(1, 9):
        await timelines.push(id_, [user])
    assert await timelines.find(user) is None
    assert not await timelines.finish_rebuild(user, token, Skeleton([], 0))


async def test_a_finished_list_is_trimmed_too(timelines: HomeTimelines) -> None:
    user = new_id()
    token = await timelines.begin_rebuild(user)
    assert token is not None
    for id_ in (11, 12, 13, 14):
        await timelines.push(id_, [user])
    assert await timelines.finish_rebuild(user, token, Skeleton([10, 9, 8, 7, 6], 5))
    assert await _skeleton(timelines, user) == Skeleton([14, 13, 12, 11, 10], 9)


async def test_a_timeline_lives_two_weeks_after_the_last_read(
    timelines: HomeTimelines, redis: aioredis.Redis
) -> None:
    user = await _made(timelines, [5])
    await redis.expire(home_key(user), 100)
    await timelines.find(user)
    assert await redis.ttl(home_key(user)) <= 100
    await timelines.keep(user)
    assert await redis.ttl(home_key(user)) > IDLE_SECONDS_MAX - 10


async def test_redis_is_told_of_a_reader_once_an_hour(
    timelines: HomeTimelines, redis: aioredis.Redis
) -> None:
    user = await _made(timelines, [5])
    await timelines.keep(user)
    await redis.expire(home_key(user), 100)
    await timelines.keep(user)
    assert await redis.ttl(home_key(user)) <= 100


async def test_scripts_are_sent_again_to_a_redis_that_lost_them(
    timelines: HomeTimelines, redis: aioredis.Redis
) -> None:
    user = await _made(timelines)
    await redis.script_flush()
    assert await timelines.push(9, [user]) == 1


async def test_eight_hundred_entries_are_rebuilt_in_one_step(
    redis: aioredis.Redis, reads: HotReads
) -> None:
    timelines = HomeTimelines(redis, reads, RedisGuard())
    ids = [2**60 + n for n in range(800, 0, -1)]
    user = await _made(timelines, ids, floor=7)
    assert await _skeleton(timelines, user) == Skeleton(ids, 7)
    assert await timelines.merge(user, [2**61 + n for n in range(200, 0, -1)], 0)
    skeleton = await _skeleton(timelines, user)
    assert (len(skeleton.ids), skeleton.floor) == (800, 2**60 + 200)
