"""Reactions to a withdrawn post are removed soon after it."""

from services.feed.actions.clear_post import clear_post
from services.feed.actions.withdraw_post import Withdrawal, withdraw_post
from services.feed.resources import Resources
from tests.feed.cast import Cast, new_id


async def test_clearing_a_post_removes_its_likes_saves_comments_and_their_likes(
    cast: Cast, resources: Resources
) -> None:
    alice, bob = new_id(), new_id()
    gone, kept = await cast.publishes(alice), await cast.publishes(alice)
    under = {post: await cast.comments(bob, post) for post in (gone, kept)}
    deleted = await cast.comments(bob, gone)
    await cast.deletes_comment(bob, deleted)
    for post, comment in under.items():
        await resources.likes.put(bob, post)
        await resources.saves.put(bob, post)
        await resources.comment_likes.put(alice, comment)
    await withdraw_post(resources.group, resources.bodies, resources.users, Withdrawal(gone, alice))
    for _ in range(2):
        await clear_post(resources.edges(), resources.comments, resources.group, gone)
    for edges in (resources.likes, resources.saves):
        assert await edges.target_ids(bob, after=0, limit=10) == [kept]
    assert await resources.comment_likes.target_ids(alice, after=0, limit=10) == [under[kept]]
    assert await resources.comments.ids_under(gone, 10) == []
    assert await resources.comments.ids_under(kept, 10) == [under[kept]]
    reactions = await resources.reactions.find([gone, kept], bob)
    assert reactions.comment_counts == {gone: 0, kept: 1}
