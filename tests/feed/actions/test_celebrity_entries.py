"""Posts merged at read time: followers see what they would see of any author."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import asyncio as aioredis

from services.feed.actions.apply_graph_events import apply_graph_events
from services.feed.actions.celebrity_entries import LISTS_MAX
from services.feed.actions.fan_out import fan_out
from services.feed.domain.skeletons import Skeleton
from services.feed.resources import Resources
from services.feed.store.author_timelines import author_key
from services.feed.store.fan_outs import FanOutJob
from services.feed.store.home_timelines import HomeTimelines, home_key
from services.feed.store.hot_reads import HotReads
from shared.caching.redis_guard import RedisAway, RedisGuard
from shared.contracts.people import EventKind
from tests.feed.cast import Cast, new_id
from tests.feed.fake_users import FakeUsers
from tests.statements import noted_statements

FAMOUS_FROM = 3


@pytest.fixture
def famous(resources: Resources) -> Resources:
    """Resources in which three followers make a celebrity."""
    return replace(resources, celebrity_followers_min=FAMOUS_FROM)


async def _readers(
    cast: Cast, users: FakeUsers, author: int, count: int = FAMOUS_FROM
) -> list[int]:
    readers = [new_id() for _ in range(count)]
    for reader in readers:
        users.follow(reader, author)
        assert await cast.home_ids(reader) == []
    return readers


async def _delivered(cast: Cast, author: int) -> int:
    post = await cast.publishes(author)
    await cast.delivers(post, author)
    return post


async def _celebrity(cast: Cast, users: FakeUsers) -> tuple[int, list[int], int]:
    alice = new_id()
    readers = await _readers(cast, users, alice)
    return alice, readers, await _delivered(cast, alice)


async def _ids_in(redis: aioredis.Redis, reader: int) -> list[int]:
    return [int(id_) for id_ in (await redis.lrange(home_key(reader), 0, -1))[:-1]]


async def test_the_post_that_makes_a_celebrity_is_pushed_and_the_next_one_is_not(
    famous: Resources, fake_users: FakeUsers, redis: aioredis.Redis
) -> None:
    cast = Cast(famous)
    alice, readers, first = await _celebrity(cast, fake_users)
    second = await _delivered(cast, alice)
    for reader in readers:
        assert await _ids_in(redis, reader) == [first]
        assert await cast.home_ids(reader) == [second, first]


async def test_connected_followers_of_a_celebrity_are_told_of_a_post(
    famous: Resources, fake_users: FakeUsers
) -> None:
    cast, stream = Cast(famous), famous.stream
    alice, readers, _first = await _celebrity(cast, fake_users)
    stranger = new_id()
    assert await cast.home_ids(stranger) == []
    await stream.listen([readers[0], readers[1], stranger])
    after = await stream.last_id()
    await _delivered(cast, alice)
    told = [viewer for event in await stream.read(after, 0) for viewer in event["viewer_ids"]]
    assert sorted(told) == sorted(readers[:2])


async def test_a_new_follower_of_a_celebrity_sees_later_posts(
    famous: Resources, fake_users: FakeUsers
) -> None:
    cast = Cast(famous)
    alice, _readers, first = await _celebrity(cast, fake_users)
    dave = new_id()
    assert await cast.home_ids(dave) == []
    await _follows(famous, fake_users, dave, alice, version=1)
    second = await _delivered(cast, alice)
    assert await cast.home_ids(dave) == [second, first]


async def test_an_unfollow_removes_a_celebritys_posts(
    famous: Resources, fake_users: FakeUsers
) -> None:
    cast = Cast(famous)
    alice, readers, _first = await _celebrity(cast, fake_users)
    await _unfollows(famous, fake_users, readers[0], alice, version=1)
    await _delivered(cast, alice)
    assert await cast.home_ids(readers[0]) == []


async def test_a_former_celebritys_posts_are_pushed_again_and_none_is_lost(
    famous: Resources, fake_users: FakeUsers, redis: aioredis.Redis
) -> None:
    cast = Cast(famous)
    alice, readers, first = await _celebrity(cast, fake_users)
    merged = await _delivered(cast, alice)
    await _unfollows(famous, fake_users, readers[0], alice, version=1)
    pushed = await _delivered(cast, alice)
    for reader in readers[1:]:
        assert await _ids_in(redis, reader) == [pushed, first]
        assert await cast.home_ids(reader) == [pushed, merged, first]


class StumblingTimelines(HomeTimelines):
    """Fails after some batches of followers have been told of a celebrity."""

    def __init__(self, redis: aioredis.Redis, reads: HotReads, batches: int) -> None:
        super().__init__(redis, reads, RedisGuard())
        self._left = batches

    async def mark_celebrity(self, author_id: int, user_ids: Sequence[int]) -> None:
        self._left -= 1
        if self._left < 0:
            raise RedisAway
        await super().mark_celebrity(author_id, user_ids)


@pytest.mark.parametrize("batches", range(4))
async def test_a_killed_rise_resumes_until_every_follower_is_told(
    famous: Resources, fake_users: FakeUsers, redis: aioredis.Redis, reads: HotReads, batches: int
) -> None:
    cast = Cast(famous)
    alice = new_id()
    readers = await _readers(cast, fake_users, alice, 8)
    first = await cast.publishes(alice)
    to = replace(famous.destinations(), timelines=StumblingTimelines(redis, reads, batches))
    job = FanOutJob(first, alice, 0)
    with pytest.raises(RedisAway):
        await fan_out(famous.group, to, famous.users, job, celebrity_followers_min=3, batch_max=2)
    # Not all followers were told, so this post is pushed by a rise of its own.
    second = await _delivered(cast, alice)
    await cast.delivers(first, alice)
    third = await _delivered(cast, alice)
    for reader in readers:
        assert max(await _ids_in(redis, reader)) == second
        assert await cast.home_ids(reader) == [third, second, first]


async def test_a_reader_rebuilt_during_a_rise_learns_of_the_celebrity(
    famous: Resources, fake_users: FakeUsers, redis: aioredis.Redis, reads: HotReads
) -> None:
    cast = Cast(famous)
    alice = new_id()
    readers = await _readers(cast, fake_users, alice)
    token = None

    class Watched(HomeTimelines):
        async def mark_celebrity(self, author_id: int, user_ids: Sequence[int]) -> None:
            nonlocal token
            await famous.timelines.drop(readers[0])
            token = await famous.timelines.begin_rebuild(readers[0])
            await super().mark_celebrity(author_id, user_ids)

    first = await cast.publishes(alice)
    to = replace(famous.destinations(), timelines=Watched(redis, reads, RedisGuard()))
    await fan_out(
        famous.group, to, famous.users, FanOutJob(first, alice, 0), celebrity_followers_min=3
    )
    assert token is not None
    # It had read before alice was a celebrity: the mark in the list under rebuild tells it.
    assert await famous.timelines.finish_rebuild(readers[0], token, Skeleton([first], 0))
    second = await _delivered(cast, alice)
    assert await cast.home_ids(readers[0]) == [second, first]


async def test_posts_below_a_celebritys_list_come_from_postgres_without_a_gap(
    famous: Resources, fake_users: FakeUsers
) -> None:
    cast = Cast(famous)
    alice, readers, first = await _celebrity(cast, fake_users)
    entries_max = famous.author_timelines.entries_max
    posts = await cast.has_published(alice, entries_max + 30)
    assert await cast.home_ids(readers[0], limit=50) == [*posts, first]


async def test_a_warm_page_with_celebrities_asks_postgres_for_no_entries(
    famous: Resources, fake_users: FakeUsers
) -> None:
    cast = Cast(famous)
    bob = new_id()
    for _ in range(5):
        author = new_id()
        fake_users.follow(bob, author)
        await _readers(cast, fake_users, author)
        await _delivered(cast, author)
    # The first read makes the reader's list, and the second those of the celebrities.
    for _ in range(2):
        assert len(await cast.home_ids(bob)) == 5
    with noted_statements() as statements:
        opened = await famous.entries.find(bob)
    assert opened is not None
    assert len(opened.skeleton.ids) == 5
    assert statements == []


@pytest.mark.parametrize("limit", [1, 20, 40])
async def test_a_warm_page_of_two_hundred_people_and_five_celebrities_takes_three_statements(
    famous: Resources, fake_users: FakeUsers, limit: int
) -> None:
    cast = Cast(famous)
    bob = new_id()
    people = [new_id() for _ in range(20)]
    # Most of them publish nothing, like most people.
    fake_users.follow(bob, *people, *(new_id() for _ in range(180)))
    for author in people:
        await cast.has_published(author, 3)
    for _ in range(5):
        author = new_id()
        fake_users.follow(bob, author)
        await _readers(cast, fake_users, author)
        await _delivered(cast, author)
    for _ in range(2):
        await cast.home(bob, limit)
    fake_users.calls.clear()
    with noted_statements() as statements:
        page = await cast.home(bob, limit)
    assert len(page["items"]) == limit
    # The viewer's reactions, and the counts on each primary.
    assert len(statements) <= 3
    assert fake_users.calls == []


async def test_concurrent_readers_of_a_missing_list_share_one_load(
    famous: Resources, fake_users: FakeUsers, redis: aioredis.Redis
) -> None:
    cast = Cast(famous)
    alice, readers, first = await _celebrity(cast, fake_users)
    second = await _delivered(cast, alice)
    await redis.delete(author_key(alice))
    with noted_statements() as statements:
        opened = await asyncio.gather(*(famous.entries.find(readers[n % 3]) for n in range(60)))
    assert [list(one.skeleton.ids) for one in opened if one] == [[second, first]] * 60
    assert len(statements) == 1


async def test_a_reader_of_more_celebrities_than_the_list_limit_misses_nothing(
    resources: Resources, fake_users: FakeUsers
) -> None:
    cast = Cast(resources)
    bob = new_id()
    assert await cast.home_ids(bob) == []
    authors = [new_id() for _ in range(LISTS_MAX + 1)]
    fake_users.follow(bob, *authors)
    posts = [(await cast.has_published(author, 1))[0] for author in authors[:5]]
    for author in authors:
        await resources.timelines.mark_celebrity(author, [bob])
    assert await cast.home_ids(bob) == sorted(posts, reverse=True)


async def _follows(
    resources: Resources, users: FakeUsers, reader: int, author: int, *, version: int
) -> None:
    users.follow(reader, author)
    await _hears(resources, "follow", reader, author, version)


async def _unfollows(
    resources: Resources, users: FakeUsers, reader: int, author: int, *, version: int
) -> None:
    users.unfollow(reader, author)
    await _hears(resources, "unfollow", reader, author, version)


async def _hears(
    resources: Resources, kind: EventKind, reader: int, author: int, version: int
) -> None:
    await apply_graph_events(
        resources.group,
        resources.timelines,
        resources.stream,
        [
            {
                "id": new_id(),
                "kind": kind,
                "actor_id": reader,
                "subject_id": author,
                "version": version,
            }
        ],
    )


_STEPS = st.lists(
    st.tuples(
        st.sampled_from(["follow", "unfollow", "publish", "publish", "lose home", "lose author"]),
        st.integers(0, 3),
        st.integers(0, 1),
    ),
    min_size=4,
    max_size=14,
)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(_STEPS)
async def test_every_reader_sees_every_post_once_while_celebrities_rise_and_fall(
    famous: Resources, fake_users: FakeUsers, redis: aioredis.Redis, steps: list[Any]
) -> None:
    cast = Cast(replace(famous, celebrity_followers_min=2))
    readers = [new_id() for _ in range(4)]
    posts: dict[int, list[int]] = {new_id(): [], new_id(): []}
    authors = list(posts)
    for version, (step, reader, author) in enumerate(steps, 1):
        who, whom = readers[reader], authors[author]
        if step == "follow":
            await _follows(famous, fake_users, who, whom, version=version)
        elif step == "unfollow":
            await _unfollows(famous, fake_users, who, whom, version=version)
        elif step == "publish":
            posts[whom].append(await _delivered(cast, whom))
        else:
            await redis.delete(home_key(who) if step == "lose home" else author_key(whom))
        for one in readers:
            due = [id_ for of in fake_users.followed[one] for id_ in posts[of]]
            assert await cast.home_ids(one) == sorted(due, reverse=True)
