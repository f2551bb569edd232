"""Withdrawing: by the author only, at once, and once."""

import pytest

from services.feed.actions.read_posts import read_post, read_user_posts
from services.feed.actions.withdraw_post import (
    WITHDRAWN_TOPIC,
    Withdrawal,
    forget_bodies,
    withdraw_post,
)
from services.feed.resources import Resources
from services.feed.store.posts import post_counts_by_authors
from shared.errors import Forbidden, NotFound
from shared.sharding.outbox import OutboxEvent
from tests.feed.cast import Cast, new_id
from tests.feed.fake_users import FakeUsers


async def _withdraw(resources: Resources, post_id: int, viewer_id: int) -> None:
    await withdraw_post(
        resources.group,
        resources.bodies,
        resources.users,
        Withdrawal(post_id, viewer_id),
    )


async def test_a_withdrawn_post_leaves_every_read_and_count(
    cast: Cast, resources: Resources
) -> None:
    alice = new_id()
    kept, gone = await cast.publishes(alice), await cast.publishes(alice)
    await read_post(resources.bodies, resources.reactions, gone, alice)
    await _withdraw(resources, gone, alice)
    with pytest.raises(NotFound):
        await read_post(resources.bodies, resources.reactions, gone, alice)
    page = await read_user_posts(resources.group, resources.reactions, alice, alice, (20, None))
    assert [post["id"] for post in page["items"]] == [kept]
    assert await cast.home_ids(alice) == [kept]
    assert await post_counts_by_authors(resources.group, [alice]) == {alice: 1}


async def test_withdrawing_again_changes_nothing(cast: Cast, resources: Resources) -> None:
    alice = new_id()
    post = await cast.publishes(alice)
    await _withdraw(resources, post, alice)
    await _withdraw(resources, post, alice)
    assert await post_counts_by_authors(resources.group, [alice]) == {alice: 0}


async def test_the_row_of_a_withdrawn_post_is_emptied(cast: Cast, resources: Resources) -> None:
    alice = new_id()
    post = await cast.publishes(alice, "a #secret told to @bob")
    await _withdraw(resources, post, alice)
    node = resources.group.primary_node(resources.group.shard_of(post))
    schema = resources.group.reader(resources.group.shard_of(post)).schema
    (row,) = await node.fetch(f"SELECT * FROM {schema}.post WHERE id = $1", (post,))
    assert (row["caption"], row["photos"], row["place"]) == ("", [], None)
    assert (row["hashtags"], row["mentions"]) == ([], [])


async def test_withdrawing_a_visible_post_of_another_author_is_forbidden(
    cast: Cast, resources: Resources
) -> None:
    alice, bob = new_id(), new_id()
    post = await cast.publishes(alice)
    with pytest.raises(Forbidden):
        await _withdraw(resources, post, bob)
    await read_post(resources.bodies, resources.reactions, post, bob)


async def test_an_invisible_post_looks_like_an_unknown_one(
    cast: Cast, resources: Resources, fake_users: FakeUsers
) -> None:
    alice, bob = new_id(), new_id()
    hidden, withdrawn = await cast.publishes(alice), await cast.publishes(alice)
    await _withdraw(resources, withdrawn, alice)
    fake_users.hide(alice, bob)
    for post_id in (hidden, withdrawn, new_id()):
        with pytest.raises(NotFound):
            await _withdraw(resources, post_id, bob)


async def test_without_redis_the_withdrawal_is_kept_and_the_relay_drops_the_copies(
    cast: Cast, resources: Resources, without_redis: Resources
) -> None:
    alice = new_id()
    post = await cast.publishes(alice)
    assert await resources.bodies.find(post) is not None
    await _withdraw(without_redis, post, alice)
    event = OutboxEvent(1, 0, WITHDRAWN_TOPIC, {"post_id": post}, None)
    await forget_bodies(resources.bodies, [event])
    assert await resources.bodies.find(post) is None
