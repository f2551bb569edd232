"""Follow requests: made, accepted, refused, and followers removed."""

import pytest

from services.users.actions.answer_request import answer_request
from services.users.actions.edit_profile import edit_profile
from services.users.actions.follow import follow
from services.users.actions.remove_follower import remove_follower
from services.users.actions.unfollow import unfollow
from services.users.resources import Resources
from services.users.store.relations import page_of_requesters
from shared.contracts.people import Relationship
from shared.edges.edges import EdgeCounts
from shared.errors import Invalid, NotFound
from tests.users.cast import Cast


async def _private(resources: Resources, cast: Cast) -> int:
    alice = await cast.user_id("alice")
    await edit_profile(
        resources.group, resources.upload, resources.tokens, alice, {"is_private": True}
    )
    return alice


async def _ask(resources: Resources, requester: int, user: int) -> None:
    assert (await follow(resources.group, resources.follows, resources.feed, requester, user))[
        "requested"
    ]


async def _answer(
    resources: Resources, viewer: int, requester: int, *, accept: bool
) -> Relationship:
    return await answer_request(
        resources.group, resources.follows, resources.feed, viewer, requester, accept=accept
    )


async def test_requests_are_listed_newest_first_and_in_pages(
    resources: Resources, cast: Cast
) -> None:
    alice = await _private(resources, cast)
    requesters = await cast.user_ids(*["bob"] * 5)
    for requester in requesters:
        await _ask(resources, requester, alice)
    first = await page_of_requesters(resources.group, alice, limit=3, cursor=None)
    rest = await page_of_requesters(resources.group, alice, limit=3, cursor=first.next_cursor)
    assert first.ids + rest.ids == requesters[::-1]
    assert rest.next_cursor is None
    with pytest.raises(Invalid):
        await page_of_requesters(resources.group, alice, limit=3, cursor="strange")


async def test_an_accepted_request_is_a_follow(resources: Resources, cast: Cast) -> None:
    alice, bob = await _private(resources, cast), await cast.user_id("bob")
    await _ask(resources, bob, alice)
    for _twice in range(2):
        assert (await _answer(resources, alice, bob, accept=True))["followed_by"]
    assert await resources.follows.states(bob, [alice]) == {alice: "active"}
    assert (await resources.follows.counts([alice]))[alice] == EdgeCounts(1, 0)
    assert not (await page_of_requesters(resources.group, alice, limit=3, cursor=None)).ids


async def test_a_refused_request_is_gone_and_may_be_repeated(
    resources: Resources, cast: Cast
) -> None:
    alice, bob = await _private(resources, cast), await cast.user_id("bob")
    await _ask(resources, bob, alice)
    for _twice in range(2):
        assert not (await _answer(resources, alice, bob, accept=False))["followed_by"]
    assert await resources.follows.states(bob, [alice]) == {}
    await _ask(resources, bob, alice)


async def test_refusing_does_not_end_a_follow(resources: Resources, cast: Cast) -> None:
    alice, bob = await cast.user_ids("alice", "bob")
    await follow(resources.group, resources.follows, resources.feed, bob, alice)
    assert (await _answer(resources, alice, bob, accept=False))["followed_by"]


async def test_only_a_person_who_asked_can_be_accepted(resources: Resources, cast: Cast) -> None:
    alice, bob = await cast.user_ids("alice", "bob")
    with pytest.raises(NotFound):
        await _answer(resources, alice, bob, accept=True)


async def test_a_request_can_be_withdrawn(resources: Resources, cast: Cast) -> None:
    alice, bob = await _private(resources, cast), await cast.user_id("bob")
    await _ask(resources, bob, alice)
    await unfollow(resources.group, resources.follows, resources.feed, bob, alice)
    with pytest.raises(NotFound):
        await _answer(resources, alice, bob, accept=True)


async def test_a_removed_follower_no_longer_follows(resources: Resources, cast: Cast) -> None:
    alice, bob = await cast.user_ids("alice", "bob")
    await follow(resources.group, resources.follows, resources.feed, bob, alice)
    for _twice in range(2):
        gone = await remove_follower(resources.group, resources.follows, resources.feed, alice, bob)
        assert not gone["followed_by"]
    assert await resources.follows.states(bob, [alice]) == {}
    assert (await resources.follows.counts([alice]))[alice] == EdgeCounts(0, 0)
