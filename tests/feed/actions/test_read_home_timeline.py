"""The home timeline as its reader pages through it."""

from pathlib import Path

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import asyncio as aioredis

from services.feed.actions.like_post import like_post
from services.feed.actions.read_home_timeline import read_home_above
from services.feed.actions.withdraw_post import Withdrawal, withdraw_own_post, withdraw_post
from services.feed.clients.upload import UploadClient
from services.feed.clients.users import UsersClient
from services.feed.resources import Resources, resources_over
from services.feed.settings import FeedSettings
from shared.caching.redis_pipe import RedisPipe
from shared.cursors import decode_id_cursor
from shared.errors import Invalid, Unavailable
from shared.network.network import Network
from shared.sharding.shard_group import open_shard_group
from tests.feed.cast import Cast, new_id
from tests.feed.fake_users import FakeUsers
from tests.statements import noted_statements


async def test_the_timeline_shows_own_and_followees_posts_newest_first(
    cast: Cast, fake_users: FakeUsers
) -> None:
    alice, bob = new_id(), new_id()
    fake_users.follow(bob, alice)
    of_alice = await cast.publishes(alice)
    of_bob = await cast.publishes(bob)
    assert await cast.home_ids(bob) == sorted([of_bob, of_alice], reverse=True)
    assert await cast.home_ids(alice) == [of_alice]


async def test_a_reader_without_followees_and_posts_has_an_empty_page(cast: Cast) -> None:
    page = await cast.home(new_id())
    assert page == {"items": [], "next_cursor": None, "completeness": "complete"}


async def test_the_authors_own_post_shows_before_it_is_delivered(cast: Cast) -> None:
    alice = new_id()
    assert await cast.home_ids(alice) == []
    post = await cast.publishes(alice)
    assert await cast.home_ids(alice) == [post]


async def test_pages_follow_one_another_without_repeats_or_gaps(
    cast: Cast, fake_users: FakeUsers
) -> None:
    alice, bob, carol = new_id(), new_id(), new_id()
    fake_users.follow(carol, alice, bob)
    posts = [*await cast.has_published(alice, 12), *await cast.has_published(bob, 13)]
    assert await cast.home_ids(carol, limit=4) == sorted(posts, reverse=True)


async def test_posts_that_arrive_between_two_pages_shift_nothing(
    cast: Cast, fake_users: FakeUsers
) -> None:
    alice, bob = new_id(), new_id()
    fake_users.follow(bob, alice)
    posts = await cast.has_published(alice, 9)
    first = await cast.home(bob, limit=4)
    late = await cast.publishes(alice)
    await cast.delivers(late, alice)
    second = await cast.home(bob, 4, first["next_cursor"])
    seen = [post["id"] for post in [*first["items"], *second["items"]]]
    assert seen == posts[:8]


_BETWEEN_PAGES = st.lists(
    st.tuples(st.integers(1, 7), st.integers(0, 3), st.integers(0, 2)), min_size=3, max_size=12
)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.integers(0, 30), _BETWEEN_PAGES)
async def test_no_post_is_missed_or_repeated_while_posts_come_and_go(
    small: Resources, fake_users: FakeUsers, existing: int, between: list[tuple[int, int, int]]
) -> None:
    cast = Cast(small)
    alice, bob = new_id(), new_id()
    fake_users.follow(bob, alice)
    posts = await cast.has_published(alice, existing)
    gone: set[int] = set()
    seen: list[int] = []
    cursor = None
    for limit, arriving, going in [*between, *[(40, 0, 0)] * 2]:
        page = await cast.home(bob, limit, cursor)
        seen += [post["id"] for post in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
        for _ in range(arriving):
            await cast.delivers(await cast.publishes(alice), alice)
        for post in [post for post in posts if post not in gone][-going or len(posts) :]:
            gone.add(post)
            await withdraw_own_post(small.group, small.bodies, post, alice)
    assert len(set(seen)) == len(seen)
    assert seen == sorted(seen, reverse=True)
    # All earlier posts are there, except those withdrawn before their page came.
    assert set(posts) - gone <= set(seen) <= set(posts)


async def test_a_withdrawn_post_leaves_every_home_timeline_and_the_page_is_refilled(
    cast: Cast, resources: Resources, fake_users: FakeUsers
) -> None:
    alice, bob = new_id(), new_id()
    fake_users.follow(bob, alice)
    posts = await cast.has_published(alice, 6)
    assert await cast.home_ids(bob) == posts
    for post_id in posts[1:3]:
        await withdraw_post(
            resources.group,
            resources.bodies,
            resources.users,
            Withdrawal(post_id, alice),
        )
    page = await cast.home(bob, limit=3)
    assert [post["id"] for post in page["items"]] == [posts[0], posts[3], posts[4]]
    assert await cast.home_ids(bob, limit=2) == [posts[0], *posts[3:]]


async def test_a_like_shows_for_its_viewer_and_counts_for_everybody(
    cast: Cast, resources: Resources, fake_users: FakeUsers
) -> None:
    alice, bob, carol = new_id(), new_id(), new_id()
    for follower in (bob, carol):
        fake_users.follow(follower, alice)
    post = await cast.publishes(alice)
    await like_post(resources.group, resources.bodies, resources.likes, post, bob)
    (of_bob,) = (await cast.home(bob))["items"]
    (of_carol,) = (await cast.home(carol))["items"]
    assert (of_bob["liked"], of_bob["like_count"]) == (True, 1)
    assert (of_carol["liked"], of_carol["like_count"]) == (False, 1)


async def test_a_malformed_cursor_is_refused(cast: Cast) -> None:
    with pytest.raises(Invalid):
        await cast.home(new_id(), 20, "nonsense")


async def test_without_redis_the_same_pages_come_from_postgres(
    cast: Cast, without_redis: Resources, fake_users: FakeUsers
) -> None:
    alice, bob = new_id(), new_id()
    fake_users.follow(bob, alice)
    posts = await cast.has_published(alice, 7)
    assert await Cast(without_redis).home_ids(bob, limit=3) == posts
    assert (await Cast(without_redis).home(bob))["completeness"] == "complete"


@pytest.mark.parametrize("limit", [1, 20, 40])
async def test_a_warm_page_of_any_length_takes_three_statements_and_no_call(
    cast: Cast,
    fake_users: FakeUsers,
    limit: int,
) -> None:
    bob = new_id()
    for author in (new_id() for _ in range(8)):
        fake_users.follow(bob, author)
        await cast.has_published(author, 6)
    await cast.home_ids(bob)
    fake_users.calls.clear()
    with noted_statements() as statements:
        page = await cast.home(bob, limit)
    assert len(page["items"]) == limit
    assert len(statements) <= 3
    assert fake_users.calls == []


@pytest.fixture
def half_a_map(settings: FeedSettings, tmp_path: Path) -> FeedSettings:
    """The shard map with one of two primaries at an address where nothing listens."""
    shard_map = orjson.loads(settings.shard_map_file.read_bytes())
    away = shard_map["primaries"]["feed-b"]
    away |= {"host": "127.0.0.1", "port": 9, "replicas": []}
    file = tmp_path / "shards.json"
    file.write_bytes(orjson.dumps(shard_map))
    return settings.model_copy(update={"shard_map_file": file})


async def test_with_a_primary_away_the_rest_is_shown_as_partial(
    cast: Cast,
    half_a_map: FeedSettings,
    network: Network,
    redis: aioredis.Redis,
    pipe: RedisPipe,
    users: UsersClient,
    upload: UploadClient,
    fake_users: FakeUsers,
) -> None:
    alice, bob, carol = (_id_in_shard(shard) for shard in (0, 1, 63))
    fake_users.follow(bob, alice, carol)
    of_alice = await cast.publishes(alice)
    of_carol = await cast.publishes(carol)
    group = await open_shard_group(half_a_map, network)
    try:
        limping = Cast(resources_over(group, redis, pipe, users=users, upload=upload))
        page = await limping.home(bob)
        assert [post["id"] for post in page["items"]] == [of_alice]
        assert page["completeness"] == "partial"
        with pytest.raises(Unavailable):
            await limping.home(carol)
    finally:
        await group.close()
    # The partial page was not stored: with both primaries the timeline is complete.
    page = await cast.home(bob)
    assert [post["id"] for post in page["items"]] == sorted([of_alice, of_carol], reverse=True)
    assert page["completeness"] == "complete"


def _id_in_shard(shard: int) -> int:
    return (new_id() & ~(0x1FFF << 10)) | (shard << 10)


async def test_a_gap_is_filled_upwards_page_by_page(
    cast: Cast, resources: Resources, fake_users: FakeUsers
) -> None:
    alice, bob = new_id(), new_id()
    fake_users.follow(bob, alice)
    posts = await cast.has_published(alice, 8)
    seen: list[int] = []
    since = posts[-1]
    for _page in range(10):
        page = await read_home_above(resources.entries, resources.page_posts, bob, 3, since)
        seen = [post["id"] for post in page["items"]] + seen
        if page["next_cursor"] is None:
            break
        since = decode_id_cursor(page["next_cursor"]) or 0
    assert seen == posts[:-1]
    top = await read_home_above(resources.entries, resources.page_posts, bob, 3, posts[0])
    assert (top["items"], top["next_cursor"]) == ([], None)


async def test_above_a_post_that_has_left_the_timeline_lies_the_newest_page(
    small: Resources, cast: Cast, fake_users: FakeUsers
) -> None:
    alice, bob = new_id(), new_id()
    fake_users.follow(bob, alice)
    posts = await cast.has_published(alice, 8)
    page = await read_home_above(small.entries, small.page_posts, bob, 3, posts[-1])
    assert [post["id"] for post in page["items"]] == posts[:3]
