"""The ranked timeline: the same posts, in an order that is stable while paged."""

import pytest
from redis import asyncio as aioredis

from services.feed.actions import read_ranked_timeline as action
from services.feed.actions.like_post import like_post
from services.feed.actions.withdraw_post import withdraw_own_post
from services.feed.resources import Resources
from services.feed.store.kept_orders import latest_key
from shared.errors import Invalid
from tests.feed.cast import Cast, new_id
from tests.feed.fake_users import FakeUsers


async def _pages(resources: Resources, viewer_id: int, limit: int = 40) -> list[int]:
    ids: list[int] = []
    cursor: str | None = None
    while True:
        page = await resources.ranked.read(viewer_id, limit, cursor)
        ids += [post["id"] for post in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            return ids


async def _likes(resources: Resources, viewer_id: int, post_id: int) -> None:
    await like_post(resources.group, resources.bodies, resources.likes, post_id, viewer_id)


async def test_authors_whom_the_viewer_likes_and_comments_on_come_first(
    cast: Cast, resources: Resources, fake_users: FakeUsers
) -> None:
    bob, friend, talker, stranger = new_id(), new_id(), new_id(), new_id()
    fake_users.follow(bob, friend, talker, stranger)
    for post in await cast.has_published(friend, 3):
        await _likes(resources, bob, post)
    (talked_of,) = await cast.has_published(talker, 1)
    await cast.comments(bob, talked_of)
    of_friend, of_talker, of_stranger = [
        await cast.publishes(author) for author in (friend, talker, stranger)
    ]
    ids = await _pages(resources, bob)
    assert sorted(ids) == sorted(await cast.home_ids(bob))
    assert ids.index(of_friend) < ids.index(of_talker) < ids.index(of_stranger)


async def test_pages_keep_their_order_while_posts_and_likes_arrive(
    cast: Cast, resources: Resources, redis: aioredis.Redis, fake_users: FakeUsers
) -> None:
    alice, bob = new_id(), new_id()
    fake_users.follow(bob, alice)
    posts = await cast.has_published(alice, 9)
    whole = await _pages(resources, bob)
    first = await resources.ranked.read(bob, 4, None)
    await _likes(resources, new_id(), posts[-1])
    late = await cast.publishes(alice)
    await cast.delivers(late, alice)
    await redis.delete(latest_key(f"home:{bob}"))
    assert late in await _pages(resources, bob)
    second = await resources.ranked.read(bob, 5, first["next_cursor"])
    assert [post["id"] for post in (*first["items"], *second["items"])] == whole


async def test_below_the_window_posts_follow_in_order_of_time(
    cast: Cast,
    resources: Resources,
    fake_users: FakeUsers,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(action, "WINDOW_POSTS", 10)
    alice, bob = new_id(), new_id()
    fake_users.follow(bob, alice)
    posts = await cast.has_published(alice, 25)
    ids = await _pages(resources, bob, limit=4)
    assert sorted(ids, reverse=True) == posts
    assert ids[10:] == posts[10:]


async def test_a_withdrawn_post_leaves_an_order_that_is_being_paged(
    cast: Cast, resources: Resources, fake_users: FakeUsers
) -> None:
    alice, bob = new_id(), new_id()
    fake_users.follow(bob, alice)
    posts = await cast.has_published(alice, 6)
    assert len(await _pages(resources, bob)) == 6
    await withdraw_own_post(resources.group, resources.bodies, posts[0], alice)
    assert sorted(await _pages(resources, bob)) == sorted(posts[1:])


async def test_an_unfollowed_author_leaves_an_order_that_is_being_paged(
    cast: Cast, resources: Resources, fake_users: FakeUsers
) -> None:
    alice, bob, carol = new_id(), new_id(), new_id()
    fake_users.follow(carol, alice, bob)
    await cast.has_published(alice, 3)
    of_bob = await cast.has_published(bob, 3)
    assert len(await _pages(resources, carol)) == 6
    fake_users.unfollow(carol, alice)
    await resources.timelines.drop(carol)
    assert sorted(await _pages(resources, carol)) == sorted(of_bob)


@pytest.mark.parametrize("cursor", ["nonsense", "WzEsMiwzXQ"])
async def test_a_cursor_of_another_list_is_refused(resources: Resources, cursor: str) -> None:
    with pytest.raises(Invalid):
        await resources.ranked.read(new_id(), 20, cursor)
