"""Pinned posts: at most three, first on their author's page, and withdrawn like others."""

import asyncio

import pytest

from services.feed.actions.edit_post import EDITED_TOPIC, renew_bodies
from services.feed.actions.pin_post import PINS_MAX, TooManyPins, pin_post
from services.feed.actions.read_posts import read_post, read_user_posts
from services.feed.actions.withdraw_post import Withdrawal, withdraw_post
from services.feed.resources import Resources
from shared.contracts.posts import Pinned
from shared.errors import Forbidden, NotFound
from shared.sharding.outbox import OutboxEvent
from tests.feed.cast import Cast, new_id
from tests.feed.fake_users import FakeUsers


async def _pin(resources: Resources, author_id: int, post_id: int, *, pin: bool = True) -> Pinned:
    return await pin_post(
        resources.group,
        resources.bodies,
        resources.users,
        (author_id, post_id),
        is_pinned=pin,
    )


async def _page(
    resources: Resources, author_id: int, limit: int, cursor: str | None = None
) -> tuple[list[int], str | None]:
    page = await read_user_posts(
        resources.group, resources.reactions, author_id, author_id, (limit, cursor)
    )
    return [post["id"] for post in page["items"]], page["next_cursor"]


async def test_pinned_posts_come_first_with_the_latest_pin_on_top(
    cast: Cast, resources: Resources
) -> None:
    alice = new_id()
    newest, middle, oldest = await cast.has_published(alice, 3)
    first = await _pin(resources, alice, middle)
    await _pin(resources, alice, oldest)
    assert await _page(resources, alice, 20) == ([oldest, middle, newest], None)
    assert await _pin(resources, alice, middle) == first
    shown = await read_post(resources.bodies, resources.reactions, middle, new_id())
    assert shown["pinned_at"] == first["pinned_at"]
    assert await _pin(resources, alice, oldest, pin=False) == {"pinned_at": None}
    assert await _page(resources, alice, 20) == ([middle, newest, oldest], None)


@pytest.mark.parametrize("limit", [1, 2, 3, 4])
async def test_pages_show_each_post_once_even_if_pins_change_between_them(
    cast: Cast, resources: Resources, limit: int
) -> None:
    alice = new_id()
    posts = await cast.has_published(alice, 7)
    for post_id in posts[2:5]:
        await _pin(resources, alice, post_id)
    seen, cursor = await _page(resources, alice, limit)
    await _pin(resources, alice, posts[4], pin=False)
    await _pin(resources, alice, posts[6])
    while cursor is not None:
        more, cursor = await _page(resources, alice, limit, cursor)
        seen += more
    assert sorted(seen) == sorted(posts)


async def test_only_three_of_many_concurrent_pins_succeed(cast: Cast, resources: Resources) -> None:
    alice = new_id()
    posts = await cast.has_published(alice, PINS_MAX + 3)
    results = await asyncio.gather(
        *(_pin(resources, alice, post_id) for post_id in posts), return_exceptions=True
    )
    assert sum(isinstance(result, TooManyPins) for result in results) == 3
    assert sum(isinstance(result, dict) for result in results) == PINS_MAX


async def test_withdrawing_a_post_frees_its_pin(cast: Cast, resources: Resources) -> None:
    alice = new_id()
    posts = await cast.has_published(alice, PINS_MAX + 2)
    for post_id in posts[:PINS_MAX]:
        await _pin(resources, alice, post_id)
    await withdraw_post(
        resources.group,
        resources.bodies,
        resources.users,
        Withdrawal(posts[0], alice),
    )
    await _pin(resources, alice, posts[3])
    with pytest.raises(TooManyPins):
        await _pin(resources, alice, posts[4])
    with pytest.raises(NotFound):
        await _pin(resources, alice, posts[0])


async def test_nobody_can_pin_the_post_of_another_author(
    cast: Cast, resources: Resources, fake_users: FakeUsers
) -> None:
    alice, bob = new_id(), new_id()
    post = await cast.publishes(alice)
    with pytest.raises(Forbidden):
        await _pin(resources, bob, post)
    fake_users.hide(alice, bob)
    for post_id in (post, new_id()):
        with pytest.raises(NotFound):
            await _pin(resources, bob, post_id)


async def test_without_redis_the_pin_is_kept_and_the_relay_renews_the_copies(
    cast: Cast, resources: Resources, without_redis: Resources
) -> None:
    alice = new_id()
    post = await cast.publishes(alice)
    await resources.bodies.find(post)
    pinned = await _pin(without_redis, alice, post)
    await renew_bodies(resources.bodies, [OutboxEvent(1, 0, EDITED_TOPIC, {"post_id": post}, None)])
    body = await resources.bodies.find(post)
    assert body is not None
    assert body["pinned_at"] == pinned["pinned_at"]
