"""What people learn of the deeds of others."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from services.feed.actions.clear_post import clear_post
from services.feed.actions.erase_account import Published, erase_account
from services.feed.actions.like_comment import like_comment
from services.feed.actions.like_post import like_post, unlike_post
from services.feed.actions.read_activity import read_activity
from services.feed.actions.withdraw_post import Withdrawal, withdraw_post
from services.feed.domain.activity import Deed
from services.feed.resources import Resources
from services.feed.store.activities import (
    Told,
    newest_activities,
    note_activities,
    see_activities,
    seen_version,
)
from services.feed.worker import run
from shared.contracts.activity import ActivityPage
from shared.errors import Invalid
from tests.eventually import eventually
from tests.feed.cast import Cast, new_id
from tests.feed.fake_users import FakeUsers


@pytest.fixture
async def working(resources: Resources) -> AsyncIterator[None]:
    """Runs the worker's loops, which deliver deeds to their recipients."""
    stop = asyncio.Event()
    loops = asyncio.create_task(run(resources, stop))
    yield
    stop.set()
    await loops


async def _activity(
    resources: Resources, viewer_id: int, limit: int = 20, cursor: str | None = None
) -> ActivityPage:
    return await read_activity(
        resources.group,
        resources.bodies,
        resources.comments,
        resources.users,
        viewer_id,
        (limit, cursor),
    )


async def _lines(resources: Resources, viewer_id: int) -> list[tuple[str, list[int], int]]:
    page = await _activity(resources, viewer_id)
    named = {str(actor_id) for one in page["items"] for actor_id in one["actor_ids"]}
    assert page["people"].keys() == named
    return [(one["kind"], one["actor_ids"], one["actor_count"]) for one in page["items"]]


async def _has(
    resources: Resources, viewer_id: int, *lines: tuple[str, list[int], int]
) -> ActivityPage:
    async def arrived() -> None:
        assert await _lines(resources, viewer_id) == list(lines)

    await eventually(arrived, within_s=30)
    return await _activity(resources, viewer_id)


async def test_likes_form_one_line_without_those_taken_back(
    cast: Cast, resources: Resources, working: None
) -> None:
    alice, fans = new_id(), [new_id() for _ in range(5)]
    post = await cast.publishes(alice)
    for fan in fans:
        await like_post(resources.group, resources.bodies, resources.likes, post, fan)
    await like_post(resources.group, resources.bodies, resources.likes, post, alice)

    async def told() -> None:
        lines = await _lines(resources, alice)
        assert [(kind, len(actors), count) for kind, actors, count in lines] == [("like", 3, 5)]

    await eventually(told, within_s=30)
    for fan in fans[1:]:
        await unlike_post(resources.group, resources.bodies, resources.likes, post, fan)
    page = await _has(resources, alice, ("like", [fans[0]], 1))
    shown = page["items"][0]["post"]
    assert shown is not None
    assert (shown["id"], page["unseen_count"]) == (post, 1)


async def test_comments_and_replies_are_told_to_those_they_concern(
    cast: Cast, resources: Resources, fake_users: FakeUsers, working: None
) -> None:
    alice, bob, carol, dave = (new_id() for _ in range(4))
    fake_users.ids_by_name["dave"] = dave
    post = await cast.publishes(alice, "with @dave and @nobody")
    comment = await cast.comments(bob, post, "Lovely")
    await cast.comments(carol, post, "It is", reply_to=comment)
    await like_comment(resources.group, resources.comments, resources.comment_likes, comment, carol)
    await _has(resources, dave, ("mention", [alice], 1))
    await _has(resources, alice, ("comment", [carol], 1), ("comment", [bob], 1))

    async def told() -> None:
        kinds = {kind for kind, actors, _ in await _lines(resources, bob) if actors == [carol]}
        assert kinds == {"reply", "comment_like"}

    await eventually(told, within_s=30)
    await cast.deletes_comment(bob, comment)
    assert await _lines(resources, alice) == []
    assert await _lines(resources, bob) == []


async def test_activity_leaves_out_blocked_people_and_withdrawn_posts(
    cast: Cast, resources: Resources, fake_users: FakeUsers, working: None
) -> None:
    alice, bob, carol = new_id(), new_id(), new_id()
    post = await cast.publishes(alice)
    for fan in (bob, carol):
        await like_post(resources.group, resources.bodies, resources.likes, post, fan)

    async def told() -> None:
        assert [count for _, _, count in await _lines(resources, alice)] == [2]

    await eventually(told, within_s=30)
    fake_users.block(alice, carol)
    page = await _has(resources, alice, ("like", [bob], 1))
    assert page["unseen_count"] == 1
    await withdraw_post(resources.group, resources.bodies, resources.users, Withdrawal(post, alice))
    assert (await _activity(resources, alice))["unseen_count"] == 0
    await clear_post(resources.edges(), resources.comments, resources.group, post)
    assert await newest_activities(resources.group, alice) == []


async def test_a_mention_in_an_invisible_post_is_not_told(
    resources: Resources, cast: Cast, fake_users: FakeUsers
) -> None:
    alice, bob = new_id(), new_id()
    post = await cast.publishes(alice)
    await note_activities(
        resources.group, [Told(bob, Deed("mention", post, alice, post, new_id()))]
    )
    assert await _lines(resources, bob) == [("mention", [alice], 1)]
    fake_users.hide(alice, bob)
    assert await _lines(resources, bob) == []


async def test_seen_activity_is_no_longer_counted_as_unseen(resources: Resources) -> None:
    alice = new_id()
    await see_activities(resources.group, alice)
    versions = sorted(new_id() for _ in range(3))
    for version in versions[:2]:
        fan = new_id()
        await note_activities(
            resources.group, [Told(alice, Deed("follow", fan, fan, None, version))]
        )
    await see_activities(resources.group, alice)
    fan = new_id()
    await note_activities(
        resources.group, [Told(alice, Deed("follow_request", fan, fan, None, versions[2]))]
    )
    page = await _activity(resources, alice)
    assert page["unseen_count"] == 1
    assert [one["seen"] for one in page["items"]] == [False, True]


async def test_older_and_repeated_deeds_change_nothing(resources: Resources) -> None:
    alice, bob = new_id(), new_id()
    older, newer = sorted((new_id(), new_id()))
    follow = Told(alice, Deed("follow", bob, bob, None, newer))
    for _ in range(2):
        await note_activities(resources.group, [follow])
        await note_activities(
            resources.group, [Told(alice, Deed("follow", bob, bob, None, older), is_done=False)]
        )
    assert [deed.version for deed in await newest_activities(resources.group, alice)] == [newer]
    await note_activities(
        resources.group, [follow, Told(alice, Deed("follow", bob, bob, None, newer), is_done=False)]
    )
    assert await newest_activities(resources.group, alice) == []


async def test_only_the_newest_are_kept(resources: Resources) -> None:
    alice = new_id()
    versions = sorted(new_id() for _ in range(5))
    for version in versions:
        fan = new_id()
        told = Told(alice, Deed("follow", fan, fan, None, version))
        await note_activities(resources.group, [told], kept_max=3)
    kept = await newest_activities(resources.group, alice)
    assert [deed.version for deed in kept] == versions[:1:-1]


async def test_pages_follow_one_another(cast: Cast, resources: Resources) -> None:
    alice, bob = new_id(), new_id()
    post = await cast.publishes(alice)
    comments = [await cast.comments(bob, post) for _ in range(5)]
    await note_activities(
        resources.group, [Told(alice, Deed("comment", one, bob, post, one)) for one in comments]
    )
    seen: list[int] = []
    cursor: str | None = None
    while True:
        page = await _activity(resources, alice, 2, cursor)
        seen += [one["comment"]["id"] for one in page["items"] if one["comment"] is not None]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == comments[::-1]
    with pytest.raises(Invalid):
        await _activity(resources, alice, 2, "x")


async def test_deleting_an_account_removes_its_activity(resources: Resources) -> None:
    alice, bob = new_id(), new_id()
    for one, other in ((alice, bob), (bob, alice)):
        await note_activities(
            resources.group, [Told(one, Deed("follow", other, other, None, new_id()))]
        )
    await see_activities(resources.group, alice)
    finished = False
    while not finished:
        finished = await erase_account(
            resources.group,
            Published(resources.bodies, resources.comments, resources.reactions),
            resources.edges(),
            resources.destinations(),
            alice,
        )
    for person in (alice, bob):
        assert await newest_activities(resources.group, person) == []
    assert await seen_version(resources.group, alice) == 0
