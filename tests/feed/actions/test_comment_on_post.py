"""Comments: written once, under existing posts, with replies one level deep."""

import pytest

from services.feed.actions.comment_on_post import comment_on_post
from services.feed.actions.withdraw_post import Withdrawal, withdraw_post
from services.feed.resources import Resources
from services.feed.store.comments import NewComment
from shared.errors import IdempotencyKeyReused, Invalid, NotFound
from tests.feed.cast import Cast, new_id


async def test_hashtags_and_mentions_of_a_comment_are_found(
    cast: Cast, resources: Resources
) -> None:
    post = await cast.publishes(new_id())
    comment = await cast.comments(new_id(), post, "@Bob saw the #Nebel, #nebel and @carol.")
    shown = (await resources.comments.by_ids([comment]))[comment]
    assert (shown["hashtags"], shown["mentions"]) == (["nebel"], ["bob", "carol"])


async def test_the_same_key_writes_once_and_refuses_another_text(
    cast: Cast, resources: Resources
) -> None:
    post, bob = await cast.publishes(new_id()), new_id()
    new = NewComment(post, bob, "Once.", None)
    first = await comment_on_post(resources.group, resources.comments, resources.users, new, "key")
    assert (
        await comment_on_post(resources.group, resources.comments, resources.users, new, "key")
        == first
    )
    with pytest.raises(IdempotencyKeyReused):
        await comment_on_post(
            resources.group,
            resources.comments,
            resources.users,
            NewComment(post, bob, "Twice.", None),
            "key",
        )
    assert len(await resources.comments.page_of_post(post, after=0, limit=10)) == 1


async def test_a_reply_to_a_reply_is_attached_to_the_comment_above_both(
    cast: Cast, resources: Resources
) -> None:
    post, bob, carol = await cast.publishes(new_id()), new_id(), new_id()
    parent = await cast.comments(bob, post)
    reply = await cast.comments(carol, post, reply_to=parent)
    second = await cast.comments(bob, post, reply_to=reply)
    shown = await resources.comments.by_ids([reply, second])
    assert [shown[id_]["reply_to"] for id_ in (reply, second)] == [parent, parent]
    assert shown[reply]["parent_writer_id"] == bob


async def test_a_reply_to_an_unknown_comment_or_one_of_another_post_is_refused(
    cast: Cast, resources: Resources
) -> None:
    alice, bob = new_id(), new_id()
    post, other = await cast.publishes(alice), await cast.publishes(alice)
    elsewhere = await cast.comments(bob, other)
    deleted = await cast.comments(bob, post)
    await cast.deletes_comment(bob, deleted)
    for parent in (elsewhere, deleted, new_id()):
        with pytest.raises(NotFound):
            await cast.comments(bob, post, reply_to=parent)


async def test_a_withdrawn_post_takes_no_comments(cast: Cast, resources: Resources) -> None:
    alice = new_id()
    post = await cast.publishes(alice)
    await withdraw_post(resources.group, resources.bodies, resources.users, Withdrawal(post, alice))
    for post_id in (post, new_id()):
        with pytest.raises(NotFound):
            await cast.comments(alice, post_id)


@pytest.mark.parametrize("text", ["", "  \n", "x" * 2201, "bell \a"])
async def test_an_invalid_comment_is_refused(cast: Cast, text: str) -> None:
    with pytest.raises(Invalid):
        await cast.comments(new_id(), new_id(), text)
