"""Edits: by the author only, visible at once, with the former caption kept."""

import pytest

from services.feed.actions.edit_post import EDITED_TOPIC, Edit, edit_post, renew_bodies
from services.feed.actions.withdraw_post import Withdrawal, withdraw_post
from services.feed.resources import Resources
from shared.contracts.posts import Post
from shared.errors import Forbidden, Invalid, NotFound, PreconditionFailed
from shared.sharding.outbox import OutboxEvent
from tests.feed.cast import Cast, new_id
from tests.feed.fake_users import FakeUsers


async def _edit(resources: Resources, post_id: int, viewer_id: int, caption: str) -> Post:
    return await edit_post(
        resources.group,
        resources.bodies,
        resources.users,
        resources.reactions,
        Edit(post_id, viewer_id, caption),
    )


async def _former_captions(resources: Resources, post_id: int) -> list[str]:
    shard = resources.group.shard_of(post_id)
    schema = resources.group.reader(shard).schema
    rows = await resources.group.primary_node(shard).fetch(
        f"SELECT caption FROM {schema}.post_edit WHERE post_id = $1 ORDER BY version", (post_id,)
    )
    return [row["caption"] for row in rows]


async def test_an_edit_shows_in_timelines_at_once_and_the_former_caption_is_kept(
    cast: Cast, resources: Resources, fake_users: FakeUsers
) -> None:
    alice, bob = new_id(), new_id()
    fake_users.follow(bob, alice)
    post = await cast.publishes(alice, "Fog #morning with @bob")
    assert (await cast.home(bob))["items"][0]["caption"] == "Fog #morning with @bob"
    edited = await _edit(resources, post, alice, "Sun #noon with @carol")
    (seen,) = (await cast.home(bob))["items"]
    assert seen == edited
    assert (seen["caption"], seen["version"]) == ("Sun #noon with @carol", 2)
    assert (seen["hashtags"], seen["mentions"]) == (["noon"], ["carol"])
    assert seen["edited_at"] is not None
    assert await _former_captions(resources, post) == ["Fog #morning with @bob"]


async def test_the_same_caption_changes_nothing(cast: Cast, resources: Resources) -> None:
    alice = new_id()
    post = await cast.publishes(alice, "Fog")
    unchanged = await _edit(resources, post, alice, "Fog")
    assert (unchanged["version"], unchanged["edited_at"]) == (1, None)
    once = await _edit(resources, post, alice, "Sun")
    assert await _edit(resources, post, alice, "Sun") == once
    assert await _former_captions(resources, post) == ["Fog"]


async def test_only_the_last_hundred_captions_are_kept_and_none_of_a_withdrawn_post(
    cast: Cast, resources: Resources
) -> None:
    alice = new_id()
    post = await cast.publishes(alice, "0")
    for number in range(1, 103):
        await _edit(resources, post, alice, str(number))
    assert await _former_captions(resources, post) == [str(number) for number in range(2, 102)]
    await withdraw_post(resources.group, resources.bodies, resources.users, Withdrawal(post, alice))
    assert await _former_captions(resources, post) == []
    with pytest.raises(NotFound):
        await _edit(resources, post, alice, "back again")


async def test_nobody_can_edit_the_post_of_another_author(
    cast: Cast, resources: Resources, fake_users: FakeUsers
) -> None:
    alice, bob = new_id(), new_id()
    post = await cast.publishes(alice, "Fog")
    with pytest.raises(Forbidden):
        await _edit(resources, post, bob, "Mine")
    fake_users.hide(alice, bob)
    for post_id in (post, new_id()):
        with pytest.raises(NotFound):
            await _edit(resources, post_id, bob, "Mine")


async def test_a_caption_that_is_too_long_is_refused(cast: Cast, resources: Resources) -> None:
    alice = new_id()
    post = await cast.publishes(alice, "Fog")
    with pytest.raises(Invalid):
        await _edit(resources, post, alice, "x" * 2201)


async def test_without_redis_the_edit_is_kept_and_the_relay_renews_the_copies(
    cast: Cast, resources: Resources, without_redis: Resources
) -> None:
    alice = new_id()
    post = await cast.publishes(alice, "Fog")
    await resources.bodies.find(post)
    await _edit(without_redis, post, alice, "Sun")
    await renew_bodies(resources.bodies, [OutboxEvent(1, 0, EDITED_TOPIC, {"post_id": post}, None)])
    body = await resources.bodies.find(post)
    assert body is not None
    assert body["caption"] == "Sun"


async def test_only_the_named_version_is_changed_or_withdrawn(
    cast: Cast, resources: Resources
) -> None:
    alice = new_id()
    post = await cast.publishes(alice, "Fog")

    async def edit(caption: str, *versions: int) -> Post:
        asked = Edit(post, alice, caption, versions=versions)
        return await edit_post(
            resources.group,
            resources.bodies,
            resources.users,
            resources.reactions,
            asked,
        )

    assert (await edit("Sun", 1))["version"] == 2
    for versions in ((1,), (0,), (3, 4)):
        with pytest.raises(PreconditionFailed):
            await edit("Rain", *versions)
    assert (await edit("Rain", 1, 2))["caption"] == "Rain"
    others = (resources.group, resources.bodies, resources.users)
    with pytest.raises(PreconditionFailed):
        await withdraw_post(*others, Withdrawal(post, alice, (2,)))
    await withdraw_post(*others, Withdrawal(post, alice, (3,)))
    # It is gone, so any version passes: repeating changes nothing.
    await withdraw_post(*others, Withdrawal(post, alice, (3,)))


async def test_alt_texts_are_edited_after_publishing(cast: Cast, resources: Resources) -> None:
    alice = new_id()
    post = await cast.publishes(alice, "Fog")
    body = await resources.bodies.find(post)
    assert body is not None
    photo = body["photos"][0]["id"]

    async def edit(alt_texts: dict[int, str]) -> Post:
        return await edit_post(
            resources.group,
            resources.bodies,
            resources.users,
            resources.reactions,
            Edit(post, alice, alt_texts=alt_texts),
        )

    edited = await edit({photo: "A lighthouse"})
    assert edited["photos"] == [{**body["photos"][0], "alt_text": "A lighthouse"}]
    assert (edited["version"], edited["caption"], edited["edited_at"]) == (2, "Fog", None)
    assert (await edit({photo: "A lighthouse"}))["version"] == 2
    with pytest.raises(Invalid) as strange:
        await edit({photo + 1: "Nothing"})
    assert [error.field for error in strange.value.errors] == [f"alt_texts.{photo + 1}"]
    with pytest.raises(Invalid):
        await edit({photo: "x" * 1501})
