"""Likes: a state and an exact count."""

import asyncio

import pytest

from services.feed.actions.like_post import like_post, unlike_post
from services.feed.actions.read_posts import read_post
from services.feed.actions.withdraw_post import Withdrawal, withdraw_post
from services.feed.resources import Resources
from shared.errors import NotFound
from tests.eventually import eventually
from tests.feed.cast import Cast, new_id


async def test_the_reply_counts_the_viewers_own_like(cast: Cast, resources: Resources) -> None:
    post, bob, carol = await cast.publishes(new_id()), new_id(), new_id()
    for number, viewer in enumerate((bob, carol), start=1):
        liked = await like_post(resources.group, resources.bodies, resources.likes, post, viewer)
        assert liked == {"liked": True, "like_count": number}
    again = await like_post(resources.group, resources.bodies, resources.likes, post, bob)
    assert again == {"liked": True, "like_count": 2}


async def test_taking_a_like_back_twice_changes_nothing(cast: Cast, resources: Resources) -> None:
    post, bob = await cast.publishes(new_id()), new_id()
    await like_post(resources.group, resources.bodies, resources.likes, post, bob)
    for _ in range(2):
        unliked = await unlike_post(resources.group, resources.bodies, resources.likes, post, bob)
        assert unliked == {"liked": False, "like_count": 0}
    shown = await read_post(resources.bodies, resources.reactions, post, bob)
    assert (shown["liked"], shown["like_count"]) == (False, 0)


async def test_a_withdrawn_post_can_be_neither_liked_nor_unliked(
    cast: Cast, resources: Resources
) -> None:
    alice = new_id()
    post = await cast.publishes(alice)
    await withdraw_post(resources.group, resources.bodies, resources.users, Withdrawal(post, alice))
    for post_id in (post, new_id()):
        with pytest.raises(NotFound):
            await like_post(resources.group, resources.bodies, resources.likes, post_id, alice)
        with pytest.raises(NotFound):
            await unlike_post(resources.group, resources.bodies, resources.likes, post_id, alice)


async def test_concurrent_toggles_of_one_viewer_end_in_a_state_that_matches_the_count(
    cast: Cast, resources: Resources
) -> None:
    post, bob = await cast.publishes(new_id()), new_id()
    acts = [like_post, unlike_post] * 30
    await asyncio.gather(
        *(act(resources.group, resources.bodies, resources.likes, post, bob) for act in acts)
    )

    async def both_sides_agree() -> None:
        shown = await read_post(resources.bodies, resources.reactions, post, bob)
        assert shown["like_count"] == int(shown["liked"])

    await eventually(both_sides_agree)


async def test_the_count_of_concurrent_likes_is_never_negative_and_ends_exact(
    cast: Cast, resources: Resources
) -> None:
    post = await cast.publishes(new_id())
    people = [new_id() for _ in range(60)]
    seen: list[int] = []

    async def toggle(viewer: int, *, ends_liked: bool) -> None:
        for act in (like_post, unlike_post) * 2 + ((like_post,) if ends_liked else ()):
            liked = await act(resources.group, resources.bodies, resources.likes, post, viewer)
            seen.append(liked["like_count"])  # in sequence, not in parallel

    await asyncio.gather(*(toggle(one, ends_liked=at < 20) for at, one in enumerate(people)))

    async def all_agree() -> None:
        page = await resources.likes.page_of_sources(post, limit=80, cursor=None)
        counted = (await resources.likes.counts([post]))[post].in_count
        assert (len(page.ids), counted) == (20, 20)

    await eventually(all_agree)
    assert min(seen) >= 0
