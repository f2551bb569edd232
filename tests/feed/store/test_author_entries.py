"""The newest ids of many authors, over all shards."""

from services.feed.domain.skeletons import ABOVE_ALL
from services.feed.resources import Resources
from services.feed.store.author_entries import newest_of_authors
from tests.feed.cast import Cast, new_id


async def test_the_newest_entries_come_from_each_authors_own_shard(
    cast: Cast, resources: Resources
) -> None:
    posts = {new_id(): 0 for _ in range(40)}
    published = {
        author: await cast.has_published(author, number % 5) for number, author in enumerate(posts)
    }
    found = await newest_of_authors(resources.group, dict.fromkeys(posts, ABOVE_ALL), 3)
    assert not found.away
    assert {author: found.ids_by_author.get(author, []) for author in posts} == {
        author: ids[:3] for author, ids in published.items()
    }


async def test_each_author_continues_from_an_id_of_their_own(
    cast: Cast, resources: Resources
) -> None:
    alice, bob = new_id(), new_id()
    of_alice, of_bob = await cast.has_published(alice, 4), await cast.has_published(bob, 4)
    befores = {alice: of_alice[1], bob: of_bob[2]}
    found = await newest_of_authors(resources.group, befores, 9)
    assert found.ids_by_author == {alice: of_alice[2:], bob: of_bob[3:]}


async def test_authors_in_one_shard_are_not_mixed_up(cast: Cast, resources: Resources) -> None:
    alice = new_id()
    bob = alice + 1
    assert resources.group.shard_of(alice) == resources.group.shard_of(bob)
    of_alice, of_bob = await cast.has_published(alice, 2), await cast.has_published(bob, 3)
    found = await newest_of_authors(resources.group, {alice: ABOVE_ALL, bob: ABOVE_ALL}, 9)
    assert found.ids_by_author == {alice: of_alice, bob: of_bob}


async def test_no_authors_give_no_entries(resources: Resources) -> None:
    found = await newest_of_authors(resources.group, {}, 9)
    assert found.ids_by_author == {}
    assert not found.away
