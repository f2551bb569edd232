"""A deleted account is gone at once, and an interruptible job erases it everywhere."""

import pytest

from services.users.actions.block import block
from services.users.actions.delete_account import delete_account, delete_again
from services.users.actions.edit_profile import edit_profile
from services.users.actions.erase_account import erase_account
from services.users.actions.follow import follow
from services.users.actions.mute import mute
from services.users.actions.sign_up import sign_up
from services.users.domain.edge_kinds import BLOCK, FOLLOW, MUTE
from services.users.domain.passwords import WrongPassword
from services.users.domain.receipts import Receipt
from services.users.domain.sign_up_form import SignUpForm
from services.users.resources import Resources
from services.users.store.deletions import Progress, find_progress
from services.users.store.profiles import find_profile
from shared.contracts.people import SignedIn
from shared.errors import SessionEnded, Unavailable
from tests.users.cast import PASSWORD, Cast
from tests.users.fake_feed import FakeFeed
from tests.users.session_check import check_session


async def _delete(resources: Resources, person: SignedIn, password: str = PASSWORD) -> Receipt:
    return await delete_account(
        resources.group,
        resources.passwords,
        resources.sessions,
        person["user"]["id"],
        password,
    )


async def _erase(resources: Resources, user_id: int) -> None:
    graph = {FOLLOW: resources.follows, BLOCK: resources.blocks, MUTE: resources.mutes}
    await erase_account(
        resources.group, graph, resources.feed_erasing, resources.upload_erasing, user_id
    )


async def _progress(resources: Resources, user_id: int) -> Progress:
    progress = await find_progress(resources.group, user_id)
    assert progress is not None
    return progress


async def test_without_the_password_nothing_is_deleted(resources: Resources, cast: Cast) -> None:
    alice = await cast.person("alice")
    with pytest.raises(WrongPassword):
        await _delete(resources, alice, "another one")
    assert await find_profile(resources.group, alice["user"]["id"]) is not None


async def test_an_account_that_a_restore_brought_back_is_deleted_again_and_only_once(
    resources: Resources, cast: Cast
) -> None:
    alice = await cast.person("alice")
    alice_id = alice["user"]["id"]
    assert await delete_again(resources.group, resources.sessions, alice_id)
    assert await find_profile(resources.group, alice_id) is None
    await _erase(resources, alice_id)
    assert all((await _progress(resources, alice_id)).finished_at.values())
    assert not await delete_again(resources.group, resources.sessions, alice_id)


async def test_the_account_and_its_sessions_are_gone_at_once(
    resources: Resources, cast: Cast
) -> None:
    alice = await cast.person("alice")
    await _delete(resources, alice)
    assert await find_profile(resources.group, alice["user"]["id"]) is None
    with pytest.raises(SessionEnded):
        await check_session(
            resources,
            alice["session"]["access_token"],
        )
    with pytest.raises(WrongPassword):
        await _delete(resources, alice)


async def test_edges_of_every_kind_and_direction_go_and_the_counts_change(
    resources: Resources, cast: Cast
) -> None:
    alice, bob, carol = await cast.person("alice"), *await cast.user_ids("bob", "carol")
    alice_id = alice["user"]["id"]
    group, follows, blocks, feed = (
        resources.group,
        resources.follows,
        resources.blocks,
        resources.feed,
    )
    await follow(group, follows, feed, alice_id, bob)
    await follow(group, follows, feed, bob, alice_id)
    await edit_profile(group, resources.upload, carol, {"is_private": True})
    await follow(group, follows, feed, alice_id, carol)
    await mute(group, resources.mutes, bob, alice_id, muting=True)
    dave = await cast.user_id("dave")
    await block(group, follows, blocks, feed, dave, alice_id)
    await _delete(resources, alice)
    await _erase(resources, alice_id)
    assert await follows.states(alice_id, [bob, carol]) == {}
    assert await follows.states_in(carol, [alice_id]) == {}
    assert await follows.states(bob, [alice_id]) == {}
    assert await resources.mutes.states(bob, [alice_id]) == {}
    assert await blocks.states(dave, [alice_id]) == {}
    counts = (await follows.counts([bob]))[bob]
    assert (counts.in_count, counts.out_count) == (0, 0)


async def test_the_names_become_free_for_others(resources: Resources, cast: Cast) -> None:
    alice = await cast.person("alice")
    await _delete(resources, alice)
    await _erase(resources, alice["user"]["id"])
    username = alice["user"]["username"]
    form = SignUpForm(username, f"{username}@mail.example", PASSWORD, "phone")
    again = await sign_up(resources.group, resources.passwords, resources.tokens, form, None)
    assert again["user"]["id"] != alice["user"]["id"]


async def test_an_interrupted_job_resumes(
    resources: Resources, cast: Cast, fake_feed: FakeFeed
) -> None:
    alice = await cast.person("alice")
    alice_id = alice["user"]["id"]
    await _delete(resources, alice)
    fake_feed.is_away = True
    try:
        with pytest.raises(Unavailable):
            await _erase(resources, alice_id)
    finally:
        fake_feed.is_away = False
    cut_short = await _progress(resources, alice_id)
    assert cut_short.finished_at["users"] is not None
    assert cut_short.finished_at["feed"] is None
    await _erase(resources, alice_id)
    done = await _progress(resources, alice_id)
    assert None not in done.finished_at.values()
    assert done.finished_at["users"] == cut_short.finished_at["users"]
    calls = [url for url in fake_feed.erased if f"/accounts/{alice_id}/" in url]
    assert len(calls) == 4
    await _erase(resources, alice_id)
    assert await _progress(resources, alice_id) == done
