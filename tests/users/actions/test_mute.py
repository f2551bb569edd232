"""Mutes concern only the viewer."""

import pytest

from services.users.actions.follow import follow
from services.users.actions.get_visible_profile import get_visible_profile
from services.users.actions.mute import mute
from services.users.domain.following import OwnAccount
from services.users.resources import Resources
from tests.users.cast import Cast


async def test_a_mute_can_be_set_and_removed(resources: Resources, cast: Cast) -> None:
    alice, bob = await cast.user_ids("alice", "bob")
    await follow(resources.group, resources.follows, resources.feed, alice, bob)
    for muting in (True, True, False, False):
        relationship = await mute(resources.group, resources.mutes, alice, bob, muting=muting)
        assert relationship["muting"] is muting
        assert relationship["following"]


async def test_the_muted_person_sees_nothing_of_it(resources: Resources, cast: Cast) -> None:
    alice, bob = await cast.user_ids("alice", "bob")
    before = await get_visible_profile(resources.group, bob, alice)
    await mute(resources.group, resources.mutes, alice, bob, muting=True)
    assert await get_visible_profile(resources.group, bob, alice) == before


async def test_nobody_mutes_themselves(resources: Resources, cast: Cast) -> None:
    alice = await cast.user_id("alice")
    with pytest.raises(OwnAccount):
        await mute(resources.group, resources.mutes, alice, alice, muting=True)
