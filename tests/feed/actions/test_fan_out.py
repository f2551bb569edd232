"""Delivery reaches every reader with a timeline once, even if interrupted."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from redis import asyncio as aioredis

from services.feed.actions.fan_out import Destinations, fan_out
from services.feed.actions.withdraw_post import Withdrawal, withdraw_post
from services.feed.resources import Resources
from services.feed.store.fan_outs import FanOutJob, Progress, find_fan_out
from services.feed.store.home_timelines import HomeTimelines
from services.feed.store.hot_reads import HotReads
from shared.caching.redis_guard import RedisAway, RedisGuard
from tests.feed.cast import Cast, new_id
from tests.feed.fake_users import FakeUsers


class StumblingTimelines(HomeTimelines):
    """Fails after some batches, once a whole batch has arrived: the worst moment."""

    def __init__(self, redis: aioredis.Redis, reads: HotReads, batches: int) -> None:
        super().__init__(redis, reads, RedisGuard())
        self._left = batches
        self.pushed: list[int] = []

    async def push(self, post_id: int, user_ids: Sequence[int]) -> int:
        taken = await super().push(post_id, user_ids)
        self.pushed += user_ids
        self._left -= 1
        if self._left < 0:
            raise RedisAway
        return taken


def _to(resources: Resources, timelines: HomeTimelines) -> Destinations:
    return replace(resources.destinations(), timelines=timelines)


async def _with_timelines(cast: Cast, users: FakeUsers, author: int, count: int) -> list[int]:
    followers = sorted(new_id() for _ in range(count))
    for follower in followers:
        users.follow(follower, author)
        assert await cast.home_ids(follower) == []
    return followers


async def test_only_followers_with_a_timeline_receive_the_post(
    cast: Cast, resources: Resources, fake_users: FakeUsers
) -> None:
    alice, idle, stranger = new_id(), new_id(), new_id()
    followers = await _with_timelines(cast, fake_users, alice, 3)
    fake_users.follow(idle, alice)
    assert await cast.home_ids(stranger) == []
    post = await cast.publishes(alice)
    await cast.delivers(post, alice)
    for follower in followers:
        assert await cast.home_ids(follower) == [post]
    assert not await resources.timelines.exists(idle)
    assert await cast.home_ids(stranger) == []


async def test_many_followers_receive_a_post_page_by_page(
    cast: Cast, resources: Resources, fake_users: FakeUsers
) -> None:
    alice = new_id()
    followers = await _with_timelines(cast, fake_users, alice, 7)
    fake_users.ids_page_max = 3
    post = await cast.publishes(alice)
    await cast.delivers(post, alice)
    assert await find_fan_out(resources.group, post, alice) == Progress(1, followers[2])
    await cast.delivers(post, alice, page=1)
    await cast.delivers(post, alice, page=2)
    assert await find_fan_out(resources.group, post, alice) is None
    fake_users.ids_page_max = 10_000
    for follower in followers:
        assert await cast.home_ids(follower) == [post]


async def test_a_finished_page_is_not_delivered_again(
    cast: Cast, resources: Resources, fake_users: FakeUsers, redis: aioredis.Redis, reads: HotReads
) -> None:
    alice = new_id()
    await _with_timelines(cast, fake_users, alice, 4)
    fake_users.ids_page_max = 2
    post = await cast.publishes(alice)
    await cast.delivers(post, alice)
    watching = StumblingTimelines(redis, reads, batches=100)
    for page in (0, 7):
        job = FanOutJob(post, alice, page)
        await fan_out(resources.group, _to(resources, watching), resources.users, job)
    assert watching.pushed == []


@pytest.mark.parametrize("batches", range(5))
async def test_a_delivery_killed_after_any_batch_resumes_and_shows_the_post_once(
    cast: Cast,
    resources: Resources,
    fake_users: FakeUsers,
    redis: aioredis.Redis,
    reads: HotReads,
    batches: int,
) -> None:
    alice = new_id()
    followers = await _with_timelines(cast, fake_users, alice, 8)
    post = await cast.publishes(alice)
    job = FanOutJob(post, alice, 0)
    with pytest.raises(RedisAway):
        await fan_out(
            resources.group,
            _to(resources, StumblingTimelines(redis, reads, batches)),
            resources.users,
            job,
            batch_max=2,
        )
    second = StumblingTimelines(redis, reads, batches=100)
    await fan_out(resources.group, _to(resources, second), resources.users, job, batch_max=2)
    # The author's own push comes first; of the followers, only the last batch may repeat.
    done_before = max(0, batches - 1) * 2
    assert [one for one in second.pushed if one != alice] == followers[done_before:]
    for follower in followers:
        assert await cast.home_ids(follower) == [post]


async def test_delivery_of_a_withdrawn_post_stops(
    cast: Cast, resources: Resources, fake_users: FakeUsers, redis: aioredis.Redis, reads: HotReads
) -> None:
    alice = new_id()
    await _with_timelines(cast, fake_users, alice, 2)
    post = await cast.publishes(alice)
    await withdraw_post(resources.group, resources.bodies, resources.users, Withdrawal(post, alice))
    watching = StumblingTimelines(redis, reads, batches=100)
    job = FanOutJob(post, alice, 0)
    await fan_out(resources.group, _to(resources, watching), resources.users, job)
    assert watching.pushed == []


async def test_a_post_delivered_twice_shows_once(
    cast: Cast, resources: Resources, fake_users: FakeUsers
) -> None:
    alice = new_id()
    (bob,) = await _with_timelines(cast, fake_users, alice, 1)
    post = await cast.publishes(alice)
    for _ in range(3):
        await resources.timelines.push(post, [bob])
    assert await cast.home_ids(bob) == [post]
