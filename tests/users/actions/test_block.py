"""Blocks end both follows and hide each from the other, without gaps."""

import asyncio

import pytest

from services.users.actions.block import block
from services.users.actions.enforce_blocks import BLOCKS_TOPIC, enforce_blocks
from services.users.actions.follow import follow
from services.users.actions.get_visible_profile import get_visible_profile
from services.users.actions.unblock import unblock
from services.users.domain.following import OwnAccount
from services.users.resources import Resources
from shared.contracts.people import Relationship
from shared.edges.edges import EdgeCounts
from shared.errors import NotFound
from shared.sharding.outbox import OutboxEvent
from tests.users.cast import Cast


async def _block(resources: Resources, viewer: int, user: int) -> Relationship:
    return await block(
        resources.group, resources.follows, resources.blocks, resources.feed, viewer, user
    )


async def _unblock(resources: Resources, viewer: int, user: int) -> Relationship:
    return await unblock(resources.group, resources.blocks, viewer, user)


async def _follow(resources: Resources, viewer: int, user: int) -> Relationship:
    return await follow(resources.group, resources.follows, resources.feed, viewer, user)


async def test_a_block_ends_both_follows_and_hides_each_from_the_other(
    resources: Resources, cast: Cast
) -> None:
    alice, bob = await cast.user_ids("alice", "bob")
    await _follow(resources, alice, bob)
    await _follow(resources, bob, alice)
    for _twice in range(2):
        relationship = await _block(resources, alice, bob)
        assert relationship["blocking"]
        assert not relationship["following"]
        assert not relationship["followed_by"]
    assert await resources.follows.counts([alice, bob]) == {
        alice: EdgeCounts(0, 0),
        bob: EdgeCounts(0, 0),
    }
    for viewer, other in ((alice, bob), (bob, alice)):
        with pytest.raises(NotFound):
            await get_visible_profile(resources.group, viewer, other)
        with pytest.raises(NotFound):
            await _follow(resources, viewer, other)


async def test_after_an_unblock_both_are_visible_but_do_not_follow_each_other(
    resources: Resources, cast: Cast
) -> None:
    alice, bob = await cast.user_ids("alice", "bob")
    await _follow(resources, bob, alice)
    await _block(resources, alice, bob)
    for _twice in range(2):
        assert not (await _unblock(resources, alice, bob))["blocking"]
    assert not (await get_visible_profile(resources.group, bob, alice)).relation.following
    assert (await _follow(resources, bob, alice))["following"]


async def test_a_blocked_person_does_not_learn_of_it_and_cannot_undo_it(
    resources: Resources, cast: Cast
) -> None:
    alice, bob = await cast.user_ids("alice", "bob")
    await _block(resources, alice, bob)
    with pytest.raises(NotFound):
        await _block(resources, bob, alice)
    with pytest.raises(NotFound):
        await _unblock(resources, bob, alice)
    with pytest.raises(NotFound):
        await get_visible_profile(resources.group, bob, alice)


async def test_blocking_oneself_or_an_unknown_person_is_refused(
    resources: Resources, cast: Cast
) -> None:
    alice = await cast.user_id("alice")
    with pytest.raises(OwnAccount):
        await _block(resources, alice, alice)
    with pytest.raises(NotFound):
        await _block(resources, alice, 2**50)


async def test_a_concurrent_follow_does_not_survive_the_block(
    resources: Resources, cast: Cast
) -> None:
    for _try in range(8):
        alice, bob = await cast.user_ids("alice", "bob")
        await asyncio.gather(
            _block(resources, alice, bob),
            _follow(resources, bob, alice),
            _follow(resources, alice, bob),
            return_exceptions=True,
        )
        assert await resources.follows.states(bob, [alice]) == {}
        assert await resources.follows.states(alice, [bob]) == {}


async def test_an_old_event_of_a_block_does_not_end_a_later_follow(
    resources: Resources, cast: Cast
) -> None:
    alice, bob = await cast.user_ids("alice", "bob")
    await _block(resources, alice, bob)
    await _unblock(resources, alice, bob)
    await _follow(resources, bob, alice)
    said = {"blocker_id": alice, "blocked_id": bob, "version": 1}
    event = OutboxEvent(1, 0, BLOCKS_TOPIC, said, None)
    await enforce_blocks(
        resources.group, resources.follows, resources.blocks, resources.feed, [event]
    )
    assert await resources.follows.states(bob, [alice]) == {alice: "active"}


async def test_the_event_of_a_block_ends_a_follow_that_could_not_be_reached(
    resources: Resources, cast: Cast
) -> None:
    alice, bob = await cast.user_ids("alice", "bob")
    await _follow(resources, bob, alice)
    edge = await resources.blocks.put(alice, bob)
    said = {"blocker_id": alice, "blocked_id": bob, "version": edge.version}
    event = OutboxEvent(1, 0, BLOCKS_TOPIC, said, None)
    await enforce_blocks(
        resources.group, resources.follows, resources.blocks, resources.feed, [event, event]
    )
    assert await resources.follows.states(bob, [alice]) == {}
