"""Entries are the same whether stored, rebuilt, or read below the floor."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import asyncio as aioredis

from services.feed.actions import newest_entries
from services.feed.actions.withdraw_post import Withdrawal, withdraw_post
from services.feed.domain.skeletons import ABOVE_ALL, Skeleton
from services.feed.resources import Resources
from services.feed.store.author_entries import FoundEntries, newest_of_authors
from services.feed.store.entry_lists import BeingRebuilt
from services.feed.store.home_timelines import home_key
from shared.errors import Unavailable
from shared.sharding.shard_group import ShardGroup
from tests.feed.cast import Cast, new_id
from tests.feed.fake_users import FakeUsers


class Interruptions:
    """Runs something directly after a rebuild has read the database."""

    def __init__(self, then: Callable[[], Awaitable[None]]) -> None:
        self._then = then
        self.reads = 0

    async def newest_of_authors(
        self, group: ShardGroup, befores: Mapping[int, int], limit_each: int
    ) -> FoundEntries:
        found = await newest_of_authors(group, befores, limit_each)
        self.reads += 1
        await self._then()
        return found


Interrupt = Callable[[Callable[[], Awaitable[None]]], Interruptions]


@pytest.fixture
def interrupt(monkeypatch: pytest.MonkeyPatch) -> Interrupt:
    def begin(then: Callable[[], Awaitable[None]]) -> Interruptions:
        interruptions = Interruptions(then)
        monkeypatch.setattr(newest_entries, "newest_of_authors", interruptions.newest_of_authors)
        return interruptions

    return begin


async def test_a_rebuilt_timeline_equals_the_delivered_one(
    cast: Cast, redis: aioredis.Redis, fake_users: FakeUsers
) -> None:
    bob = new_id()
    authors = [new_id() for _ in range(3)]
    fake_users.follow(bob, *authors)
    assert await cast.home_ids(bob) == []
    for author in authors * 3:
        await cast.delivers(await cast.publishes(author), author)
    delivered = await cast.home_ids(bob)
    assert len(delivered) == 9
    await redis.delete(home_key(bob))
    assert await cast.home_ids(bob) == delivered


async def test_a_second_read_asks_neither_users_nor_postgres_for_entries(
    cast: Cast, fake_users: FakeUsers
) -> None:
    alice, bob = new_id(), new_id()
    fake_users.follow(bob, alice)
    await cast.has_published(alice, 3)
    await cast.home(bob)
    fake_users.calls.clear()
    fake_users.is_away = True
    assert len((await cast.home(bob))["items"]) == 3
    assert fake_users.calls == []


async def test_paging_continues_in_postgres_below_the_floor_without_a_gap(
    small: Resources, fake_users: FakeUsers
) -> None:
    alice, bob, carol = new_id(), new_id(), new_id()
    cast = Cast(small)
    fake_users.follow(carol, alice, bob)
    posts = [*await cast.has_published(alice, 9), *await cast.has_published(bob, 8)]
    for limit in (1, 4, 5, 7):
        assert await cast.home_ids(carol, limit) == sorted(posts, reverse=True)
    skeleton = await small.timelines.find(carol)
    assert isinstance(skeleton, Skeleton)
    assert skeleton.ids == sorted(posts, reverse=True)[:5]


async def test_a_timeline_trimmed_by_deliveries_has_no_gap(
    small: Resources, fake_users: FakeUsers
) -> None:
    alice, bob = new_id(), new_id()
    cast = Cast(small)
    fake_users.follow(bob, alice)
    assert await cast.home_ids(bob) == []
    posts = []
    for _ in range(14):
        posts.append(await cast.publishes(alice))
        await cast.delivers(posts[-1], alice)
    assert await cast.home_ids(bob, limit=4) == posts[::-1]


async def test_a_post_delivered_during_a_rebuild_is_not_lost(
    cast: Cast, fake_users: FakeUsers, interrupt: Interrupt
) -> None:
    alice, bob = new_id(), new_id()
    fake_users.follow(bob, alice)
    before = await cast.has_published(alice, 2)
    during: list[int] = []

    async def publish_and_deliver() -> None:
        if not during:
            during.append(await cast.publishes(alice))
            await cast.delivers(during[0], alice)

    interrupt(publish_and_deliver)
    await cast.home(bob)
    assert await cast.home_ids(bob) == [*during, *before]


async def test_a_rebuild_overtaken_by_an_unfollow_is_not_stored(
    resources: Resources, cast: Cast, fake_users: FakeUsers, interrupt: Interrupt
) -> None:
    alice, bob = new_id(), new_id()
    fake_users.follow(bob, alice)
    await cast.has_published(alice, 2)

    async def unfollow() -> None:
        fake_users.unfollow(bob, alice)
        await resources.timelines.drop(bob)

    interrupt(unfollow)
    await cast.home(bob)
    assert await resources.timelines.find(bob) is None
    assert await cast.home_ids(bob) == []


async def test_concurrent_readers_of_a_missing_timeline_share_one_rebuild(
    cast: Cast, fake_users: FakeUsers, interrupt: Interrupt
) -> None:
    alice, bob = new_id(), new_id()
    fake_users.follow(bob, alice)
    posts = await cast.has_published(alice, 3)

    async def go_on() -> None:
        await asyncio.wait_for(asyncio.shield(_tick()), 1)

    interruptions = interrupt(go_on)
    pages = await asyncio.gather(*(cast.home_ids(bob) for _ in range(50)))
    assert pages == [posts] * 50
    assert interruptions.reads == 1


async def test_another_process_serves_a_timeline_under_rebuild_without_touching_it(
    resources: Resources, cast: Cast, fake_users: FakeUsers
) -> None:
    alice, bob = new_id(), new_id()
    fake_users.follow(bob, alice)
    posts = await cast.has_published(alice, 3)
    token = await resources.timelines.begin_rebuild(bob)
    assert token is not None
    assert await cast.home_ids(bob) == posts
    assert isinstance(await resources.timelines.find(bob), BeingRebuilt)


async def test_a_failed_rebuild_does_not_block_the_next_one(
    resources: Resources, cast: Cast, fake_users: FakeUsers
) -> None:
    alice, bob = new_id(), new_id()
    fake_users.follow(bob, alice)
    posts = await cast.has_published(alice, 2)
    fake_users.is_away = True
    with pytest.raises(Unavailable):
        await cast.home(bob)
    assert await resources.timelines.find(bob) is None
    fake_users.is_away = False
    assert await cast.home_ids(bob) == posts


async def test_a_cancelled_reader_does_not_cancel_a_shared_rebuild(
    cast: Cast, fake_users: FakeUsers, interrupt: Interrupt
) -> None:
    alice, bob = new_id(), new_id()
    fake_users.follow(bob, alice)
    posts = await cast.has_published(alice, 2)
    has_read = asyncio.Event()
    may_go_on = asyncio.Event()

    async def wait() -> None:
        has_read.set()
        await may_go_on.wait()

    interrupt(wait)
    impatient = asyncio.create_task(cast.home_ids(bob))
    await has_read.wait()
    patient = asyncio.create_task(cast.home_ids(bob))
    impatient.cancel()
    with suppress(asyncio.CancelledError):
        await impatient
    may_go_on.set()
    assert await patient == posts


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.sampled_from(["publish", "withdraw", "lose", "page"]), max_size=25))
async def test_no_history_makes_a_reader_miss_or_repeat_a_post(
    small: Resources, fake_users: FakeUsers, history: list[str]
) -> None:
    alice, bob = new_id(), new_id()
    fake_users.follow(bob, alice)
    cast = Cast(small)
    existing = await cast.has_published(alice, 12)
    at_start = list(existing)
    seen: list[int] = []
    cursor: str | None = None
    for step in history:
        match step:
            case "publish":
                existing.insert(0, await cast.publishes(alice))
                await cast.delivers(existing[0], alice)
            case "withdraw" if existing:
                gone = existing.pop(len(existing) // 2)
                await withdraw_post(small.group, small.bodies, small.users, Withdrawal(gone, alice))
            case "lose":
                await small.timelines.drop(bob)
            case "page" if cursor is not None or not seen:
                page = await cast.home(bob, 3, cursor)
                seen += [post["id"] for post in page["items"]]
                cursor = page["next_cursor"]
    while cursor is not None or not seen:
        page = await cast.home(bob, 3, cursor)
        seen += [post["id"] for post in page["items"]]
        cursor = page["next_cursor"]
        if not page["items"]:
            break
    assert len(seen) == len(set(seen))
    assert set(at_start) & set(existing) <= set(seen)
    assert await cast.home_ids(bob, 4) == existing


async def _tick() -> None:
    """Let other tasks run."""
    turn = asyncio.Event()
    asyncio.get_running_loop().call_soon(turn.set)
    await turn.wait()


async def test_postgres_takes_over_at_the_floor(small: Resources, fake_users: FakeUsers) -> None:
    alice, bob = new_id(), new_id()
    cast = Cast(small)
    fake_users.follow(bob, alice)
    posts = await cast.has_published(alice, 8)
    timeline = await small.entries.open(bob, is_first_page=True)
    assert timeline.skeleton.floor == posts[5]
    assert (await small.entries.entries_below(timeline, ABOVE_ALL, 5)).ids == posts[:5]
    assert (await small.entries.entries_below(timeline, posts[3], 4)).ids == posts[4:]
    assert (await small.entries.entries_below(timeline, posts[6], 4)).ids == posts[7:]
