"""Rows of posts and their counts."""

import pytest

from services.feed.resources import Resources
from services.feed.store.posts import (
    Authorship,
    bodies_by_ids,
    erase_post,
    find_authorship,
    post_counts_by_authors,
)
from tests.feed.cast import Cast, new_id


async def test_counts_follow_publishing_and_withdrawing(cast: Cast, resources: Resources) -> None:
    alice, bob, nobody = new_id(), new_id(), new_id()
    posts = await cast.has_published(alice, 3)
    await cast.has_published(bob, 1)
    async with resources.group.writer(resources.group.shard_of(alice)) as tx:
        erased = await erase_post(tx, alice, posts[0])
        assert erased is not None
        assert len(erased.photo_ids) == 1
        assert await erase_post(tx, alice, posts[0]) is None
    counts = await post_counts_by_authors(resources.group, [alice, bob, nobody])
    assert counts == {alice: 2, bob: 1, nobody: 0}


async def test_only_the_author_can_erase(cast: Cast, resources: Resources) -> None:
    alice, bob = new_id(), new_id()
    (post,) = await cast.has_published(alice, 1)
    async with resources.group.writer(resources.group.shard_of(alice)) as tx:
        assert await erase_post(tx, bob, post) is None
    assert await find_authorship(resources.group, post) == Authorship(alice, is_gone=False)


async def test_a_rolled_back_transaction_leaves_nothing_of_a_post(
    cast: Cast, resources: Resources
) -> None:
    alice = new_id()
    posts = await cast.has_published(alice, 1)

    async def break_off() -> None:
        async with resources.group.writer(resources.group.shard_of(alice)) as tx:
            await erase_post(tx, alice, posts[0])
            raise LookupError

    with pytest.raises(LookupError):
        await break_off()
    assert await post_counts_by_authors(resources.group, [alice]) == {alice: 1}
    assert await bodies_by_ids(resources.group, posts) != {posts[0]: None}
