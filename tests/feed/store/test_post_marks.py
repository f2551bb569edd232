"""Marks and counts of many posts, in a number of statements that does not grow with them."""

import asyncio

import pytest
from redis import asyncio as aioredis

from services.feed.resources import Resources
from services.feed.store.count_cache import CountCache, PostCounts
from services.feed.store.hot_reads import HotReads
from services.feed.store.post_marks import PostMarks
from services.feed.store.redis_guard import RedisGuard
from shared.network.redis_pipe import RedisPipe
from tests.feed.cast import Cast, new_id
from tests.statements import noted_statements


async def test_each_post_has_the_viewers_marks_and_everybodys_counts(
    cast: Cast, resources: Resources
) -> None:
    alice, bob, carol = new_id(), new_id(), new_id()
    first, second = await cast.publishes(alice), await cast.publishes(bob)
    await resources.likes.put(carol, first)
    await resources.likes.put(bob, first)
    await resources.saves.put(carol, second)
    for writer in (alice, bob, carol):
        await cast.comments(writer, second)
    marks = await resources.marks.of([first, second], carol)
    assert (set(marks.liked), set(marks.saved)) == ({first}, {second})
    assert marks.like_counts.get(first) == 2
    assert marks.comment_counts == {first: 0, second: 3}


@pytest.mark.parametrize("count", [1, 40])
async def test_a_page_of_any_length_takes_three_statements(
    cast: Cast, resources: Resources, count: int
) -> None:
    posts = [await cast.publishes(new_id()) for _ in range(count)]
    with noted_statements() as statements:
        await resources.marks.of(posts, new_id())
    assert len(statements) <= 1 + len(resources.group.primaries())


async def test_counts_that_were_looked_at_before_take_no_statement(
    cast: Cast, resources: Resources
) -> None:
    posts = [await cast.publishes(new_id()) for _ in range(5)]
    await resources.marks.of(posts, new_id())
    with noted_statements() as statements:
        await resources.marks.of(posts, new_id())
    assert len(statements) == 1


async def test_a_count_is_right_again_at_once_when_it_changes(
    cast: Cast, resources: Resources
) -> None:
    post, bob = await cast.publishes(new_id()), new_id()

    async def counted() -> tuple[int, int]:
        marks = await resources.marks.of([post], bob)
        return marks.like_counts[post], marks.comment_counts[post]

    assert await counted() == (0, 0)
    await resources.likes.put(bob, post)
    assert await counted() == (1, 0)
    comment = await cast.comments(bob, post)
    assert await counted() == (1, 1)
    await resources.likes.remove(bob, post)
    await cast.deletes_comment(bob, comment)
    assert await counted() == (0, 0)


async def test_who_counts_slowly_does_not_keep_what_was_before(
    cast: Cast, resources: Resources, redis: aioredis.Redis, reads: HotReads
) -> None:
    post, bob = await cast.publishes(new_id()), new_id()
    counts = CountCache(redis, reads, RedisGuard())
    token, leased = await counts.lease([post])
    await resources.likes.put(bob, post)
    await counts.fill(token, leased, {post: PostCounts(0, 0)})
    assert await counts.get([post]) == {}


async def test_without_redis_counts_come_from_postgres(
    cast: Cast, resources: Resources, no_redis: aioredis.Redis, no_pipe: RedisPipe
) -> None:
    post, bob = await cast.publishes(new_id()), new_id()
    await resources.likes.put(bob, post)
    counts = CountCache(no_redis, HotReads(no_pipe, RedisGuard()), RedisGuard())
    await counts.forget([post])
    marks = await PostMarks(resources.group, counts).of([post], bob)
    assert marks.like_counts == {post: 1}


async def test_comments_written_and_deleted_at_once_are_counted_exactly(
    cast: Cast, resources: Resources
) -> None:
    post, bob = await cast.publishes(new_id()), new_id()
    written = await asyncio.gather(*(cast.comments(bob, post) for _ in range(24)))
    assert (await resources.marks.of([post], bob)).comment_counts[post] == 24
    await asyncio.gather(*(cast.deletes_comment(bob, comment) for comment in written[:20]))
    assert (await resources.marks.of([post], bob)).comment_counts[post] == 4
