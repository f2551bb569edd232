"""Marks and counts of many posts, in a number of statements that does not grow with them."""

import asyncio

import pytest

from services.feed.resources import Resources
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
    assert marks.comment_counts == {second: 3}


@pytest.mark.parametrize("count", [1, 40])
async def test_a_page_of_any_length_takes_three_statements(
    cast: Cast, resources: Resources, count: int
) -> None:
    posts = [await cast.publishes(new_id()) for _ in range(count)]
    with noted_statements() as statements:
        await resources.marks.of(posts, new_id())
    assert len(statements) <= 1 + len(resources.group.primaries())


async def test_comments_written_and_deleted_at_once_are_counted_exactly(
    cast: Cast, resources: Resources
) -> None:
    post, bob = await cast.publishes(new_id()), new_id()
    written = await asyncio.gather(*(cast.comments(bob, post) for _ in range(24)))
    assert (await resources.marks.of([post], bob)).comment_counts[post] == 24
    await asyncio.gather(*(cast.deletes_comment(bob, comment) for comment in written[:20]))
    assert (await resources.marks.of([post], bob)).comment_counts[post] == 4
