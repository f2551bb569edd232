"""Suggestions from the graph."""

from services.users.actions.suggest_people import suggest_people
from services.users.resources import Resources
from tests.users.cast import Cast


async def _follow(resources: Resources, viewer_id: int, *user_ids: int) -> None:
    for user_id in user_ids:
        await resources.follows.put(viewer_id, user_id)


async def _suggested(resources: Resources, viewer_id: int) -> list[int]:
    ids: list[int] = []
    cursor = None
    for _page in range(10):
        page = await suggest_people(
            resources.group, resources.follows, viewer_id, limit=2, cursor=cursor
        )
        ids += [card["id"] for card in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    return ids


async def test_people_followed_by_most_followees_come_first(
    resources: Resources, cast: Cast
) -> None:
    alice, bob, carol, dave = await cast.user_ids("alice", "bob", "carol", "dave")
    once, twice, thrice = await cast.user_ids("once", "twice", "thrice")
    await _follow(resources, alice, bob, carol, dave)
    await _follow(resources, bob, alice, carol, once, twice, thrice)
    await _follow(resources, carol, twice, thrice)
    await _follow(resources, dave, thrice)
    assert await _suggested(resources, alice) == [thrice, twice, once]


async def test_followed_blocked_and_muted_people_are_not_suggested(
    resources: Resources, cast: Cast
) -> None:
    alice, bob = await cast.user_ids("alice", "bob")
    followed, blocked, blocker, muted, other = await cast.user_ids("c", "d", "e", "f", "g")
    await _follow(resources, alice, bob, followed)
    await _follow(resources, bob, alice, followed, blocked, blocker, muted, other)
    await resources.blocks.put(alice, blocked)
    await resources.blocks.put(blocker, alice)
    await resources.mutes.put(alice, muted)
    assert await _suggested(resources, alice) == [other]


async def test_a_viewer_who_follows_nobody_gets_no_suggestions(
    resources: Resources, cast: Cast
) -> None:
    assert await _suggested(resources, await cast.user_id("alice")) == []
