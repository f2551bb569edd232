"""Reactions and counts of many posts in a constant number of statements."""

import asyncio

import pytest
from redis import asyncio as aioredis

from services.feed.domain.edge_kinds import LIKE
from services.feed.resources import Resources
from services.feed.store import own_reactions, post_reactions
from services.feed.store.count_cache import CountCache, PostCounts
from services.feed.store.hot_reads import HotReads
from services.feed.store.own_reactions import OwnReactions, OwnReactionsCache
from services.feed.store.post_reactions import PostReactions
from shared.caching.redis_guard import RedisAway, RedisGuard
from shared.caching.redis_pipe import RedisPipe
from shared.sharding.shard_group import EdgeEnds
from tests.feed.cast import Cast, new_id
from tests.statements import noted_statements


async def test_each_post_has_the_viewers_reactions_and_the_counts(
    cast: Cast, resources: Resources
) -> None:
    alice, bob, carol = new_id(), new_id(), new_id()
    first, second = await cast.publishes(alice), await cast.publishes(bob)
    await resources.likes.put(carol, first)
    await resources.likes.put(bob, first)
    await resources.saves.put(carol, second)
    for writer in (alice, bob, carol):
        await cast.comments(writer, second)
    reactions = await resources.reactions.find([first, second], carol)
    assert (set(reactions.liked), set(reactions.saved)) == ({first}, {second})
    assert reactions.like_counts.get(first) == 2
    assert reactions.comment_counts == {first: 0, second: 3}


@pytest.mark.parametrize("count", [1, 40])
async def test_a_page_of_any_length_takes_three_statements(
    cast: Cast, resources: Resources, count: int
) -> None:
    posts = [await cast.publishes(new_id()) for _ in range(count)]
    with noted_statements() as statements:
        await resources.reactions.find(posts, new_id())
    assert len(statements) <= 1 + len(resources.group.primaries())


async def test_a_repeated_page_takes_no_statement(cast: Cast, resources: Resources) -> None:
    posts, bob = [await cast.publishes(new_id()) for _ in range(5)], new_id()
    await resources.likes.put(bob, posts[0])
    first = await resources.reactions.find(posts, bob)
    with noted_statements() as statements:
        assert await resources.reactions.find(posts, bob) == first
        assert statements == []
        await resources.reactions.find(posts, new_id())
    assert len(statements) == 1


async def test_the_viewers_own_reactions_are_current_after_every_change(
    cast: Cast, resources: Resources
) -> None:
    post, bob = await cast.publishes(new_id()), new_id()

    async def marked() -> tuple[bool, bool]:
        reactions = await resources.reactions.find([post], bob)
        return post in reactions.liked, post in reactions.saved

    assert await marked() == (False, False)
    await resources.likes.put(bob, post)
    assert await marked() == (True, False)
    await resources.saves.put(bob, post)
    assert await marked() == (True, True)
    await resources.likes.remove(bob, post)
    assert await marked() == (False, True)


async def test_a_viewer_with_many_reactions_also_gets_those_to_old_posts(
    cast: Cast, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_reactions, "OWN_REACTIONS_MAX", 3)
    monkeypatch.setattr(post_reactions, "OWN_REACTIONS_MAX", 3)
    alice, bob = new_id(), new_id()
    posts = [await cast.publishes(alice) for _ in range(6)]
    for post in posts[:5]:
        await resources.likes.put(bob, post)
    for _lookup in range(2):
        assert set((await resources.reactions.find(posts[4:], bob)).liked) & set(posts) >= {
            posts[4]
        }
        liked = (await resources.reactions.find(posts, bob)).liked
        assert set(liked) == set(posts[:5])


async def test_a_slow_load_does_not_store_outdated_reactions(
    cast: Cast, resources: Resources, redis: aioredis.Redis, reads: HotReads
) -> None:
    post, bob = await cast.publishes(new_id()), new_id()
    own = OwnReactionsCache(redis, reads, RedisGuard())
    token = await own.lease(bob)
    assert token is not None
    await resources.likes.put(bob, post)
    await own.fill(token, bob, OwnReactions(0, frozenset(), frozenset()))
    assert await own.get(bob) is None
    assert post in (await resources.reactions.find([post], bob)).liked


async def test_a_changed_count_is_current_at_once(cast: Cast, resources: Resources) -> None:
    post, bob = await cast.publishes(new_id()), new_id()

    async def counted() -> tuple[int, int]:
        reactions = await resources.reactions.find([post], bob)
        return reactions.like_counts[post], reactions.comment_counts[post]

    assert await counted() == (0, 0)
    await resources.likes.put(bob, post)
    assert await counted() == (1, 0)
    comment = await cast.comments(bob, post)
    assert await counted() == (1, 1)
    await resources.likes.remove(bob, post)
    await cast.deletes_comment(bob, comment)
    assert await counted() == (0, 0)


async def test_a_slow_count_does_not_store_an_outdated_number(
    cast: Cast, resources: Resources, redis: aioredis.Redis, reads: HotReads
) -> None:
    post, bob = await cast.publishes(new_id()), new_id()
    counts = CountCache(redis, reads, RedisGuard())
    token, leased = await counts.lease([post])
    await resources.likes.put(bob, post)
    await counts.fill(token, leased, {post: PostCounts(0, 0)})
    assert await counts.get([post]) == {}


async def test_without_redis_postgres_serves_all_and_a_change_raises_redis_away(
    cast: Cast, resources: Resources, no_redis: aioredis.Redis, no_pipe: RedisPipe
) -> None:
    post, bob = await cast.publishes(new_id()), new_id()
    await resources.likes.put(bob, post)
    reads, guard = HotReads(no_pipe, RedisGuard()), RedisGuard()
    reactions = PostReactions(
        resources.group,
        CountCache(no_redis, reads, guard),
        OwnReactionsCache(no_redis, reads, guard),
    )
    shown = await reactions.find([post], bob)
    assert (shown.like_counts, set(shown.liked)) == ({post: 1}, {post})
    with pytest.raises(RedisAway):
        await reactions.on_edges([EdgeEnds(LIKE, bob, post)])


async def test_concurrent_writes_and_deletions_of_comments_are_counted_exactly(
    cast: Cast, resources: Resources
) -> None:
    post, bob = await cast.publishes(new_id()), new_id()
    written = await asyncio.gather(*(cast.comments(bob, post) for _ in range(24)))
    assert (await resources.reactions.find([post], bob)).comment_counts[post] == 24
    await asyncio.gather(*(cast.deletes_comment(bob, comment) for comment in written[:20]))
    assert (await resources.reactions.find([post], bob)).comment_counts[post] == 4
