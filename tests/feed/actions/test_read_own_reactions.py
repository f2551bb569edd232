"""The viewer's likes and saves, as lists."""

import pytest

from services.feed.actions.read_own_reactions import read_own_reactions
from services.feed.actions.save_post import save_post, unsave_post
from services.feed.actions.withdraw_post import Withdrawal, withdraw_post
from services.feed.resources import Resources
from shared.edges.edges import Edges
from shared.errors import Invalid, NotFound
from tests.feed.cast import Cast, new_id


async def _ids(resources: Resources, edges: Edges, viewer_id: int, limit: int = 20) -> list[int]:
    ids: list[int] = []
    cursor: str | None = None
    while True:
        page = await read_own_reactions(
            edges, resources.bodies, resources.reactions, viewer_id, (limit, cursor)
        )
        ids += [post["id"] for post in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            return ids


async def test_likes_and_saves_are_separate_lists_with_the_latest_first(
    cast: Cast, resources: Resources
) -> None:
    bob = new_id()
    posts = [await cast.publishes(new_id()) for _ in range(5)]
    for post in posts:
        assert await save_post(resources.bodies, resources.saves, post, bob) == {"saved": True}
    for post in posts[:2]:
        await resources.likes.put(bob, post)
    assert await _ids(resources, resources.saves, bob, limit=2) == posts[::-1]
    assert await _ids(resources, resources.likes, bob) == posts[1::-1]
    for _ in range(2):
        unsaved = await unsave_post(resources.bodies, resources.saves, posts[4], bob)
        assert unsaved == {"saved": False}
    assert await _ids(resources, resources.saves, bob) == posts[3::-1]


async def test_a_withdrawn_post_leaves_both_lists_and_cannot_be_saved(
    cast: Cast, resources: Resources
) -> None:
    alice, bob = new_id(), new_id()
    kept, gone = await cast.publishes(alice), await cast.publishes(alice)
    for post in (kept, gone):
        await save_post(resources.bodies, resources.saves, post, bob)
    await withdraw_post(resources.group, resources.bodies, resources.users, Withdrawal(gone, alice))
    assert await _ids(resources, resources.saves, bob) == [kept]
    for act in (save_post, unsave_post):
        with pytest.raises(NotFound):
            await act(resources.bodies, resources.saves, gone, bob)


async def test_a_malformed_cursor_is_refused(resources: Resources) -> None:
    with pytest.raises(Invalid):
        await read_own_reactions(
            resources.saves, resources.bodies, resources.reactions, new_id(), (20, "x")
        )
