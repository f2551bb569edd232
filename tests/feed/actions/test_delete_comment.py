"""The writer or the post's author deletes a comment together with its replies."""

import asyncio

import pytest

from services.feed.resources import Resources
from shared.errors import Forbidden, NotFound
from tests.feed.cast import Cast, new_id


async def test_only_the_writer_and_the_author_may_delete_a_comment(
    cast: Cast, resources: Resources
) -> None:
    alice, bob, carol = new_id(), new_id(), new_id()
    post = await cast.publishes(alice)
    for owner in (alice, bob):
        comment = await cast.comments(bob, post)
        with pytest.raises(Forbidden):
            await cast.deletes_comment(carol, comment)
        await cast.deletes_comment(owner, comment)
        await cast.deletes_comment(owner, comment)
        with pytest.raises(NotFound):
            await cast.deletes_comment(carol, comment)
    assert await resources.comments.page_of_post(post, after=0, limit=10) == []
    assert (await resources.reactions.find([post], bob)).comment_counts == {post: 0}


async def test_an_unknown_comment_is_not_found(cast: Cast) -> None:
    with pytest.raises(NotFound):
        await cast.deletes_comment(new_id(), new_id())


async def test_deleting_a_comment_deletes_its_replies_including_concurrent_ones(
    cast: Cast, resources: Resources
) -> None:
    post, bob = await cast.publishes(new_id()), new_id()
    for _ in range(5):
        parent = await cast.comments(bob, post)
        writing = [cast.comments(new_id(), post, reply_to=parent) for _ in range(6)]
        outcomes = await asyncio.gather(
            *writing, cast.deletes_comment(bob, parent), return_exceptions=True
        )
        faults = [one for one in outcomes if isinstance(one, BaseException)]
        assert all(isinstance(fault, NotFound) for fault in faults)
    assert await resources.comments.page_of_post(post, after=0, limit=80) == []
    assert (await resources.reactions.find([post], bob)).comment_counts == {post: 0}
