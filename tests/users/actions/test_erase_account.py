"""A deleted account is gone at once, and an interruptible job erases it everywhere."""

from datetime import timedelta

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
from services.users.domain.usernames import UsernameTaken
from services.users.resources import Resources
from services.users.store.deletions import OLD_HOLDS, OLD_RECEIPTS, Progress, find_progress
from services.users.store.profiles import find_profile
from shared.contracts.people import SignedIn
from shared.errors import SessionEnded, Unavailable
from shared.jobs.expired_rows import ExpiredRows
from shared.sql_files import parse_query
from tests.delivered_events import forget_events
from tests.users.cast import PASSWORD, Cast, verify
from tests.users.fake_feed import FakeFeed
from tests.users.session_check import check_session

_PASS_TIME = parse_query("pass", "UPDATE :schema.held_name SET ends_at = ends_at - :by::interval")
_RETIRE_SOON = parse_query(
    "retire soon",
    "UPDATE :schema.directory SET expires_at = now() + interval '59 minutes'"
    " WHERE user_id = :user_id AND expires_at IS NOT NULL",
)
_SIGNED_IN = parse_query(
    "signed in",
    "INSERT INTO :schema.idempotency (scope, key, body_hash, attempt) VALUES (:scope, 'k', '', 1)",
)
_AGE_RECEIPTS = parse_query(
    "age receipts",
    "UPDATE :schema.deletion SET requested_at = requested_at - :by::interval,"
    " upload_finished_at = upload_finished_at - :by",
)
_VOIDS = parse_query("voids", "SELECT id FROM :schema.account WHERE state = 'void'")
_OF_SIGN_INS = parse_query(
    "of sign-ins", "SELECT key FROM :schema.idempotency WHERE scope = :scope"
)


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
    await forget_events(resources.group)
    await erase_account(
        resources.group,
        graph,
        resources.tokens,
        resources.feed_erasing,
        resources.upload_erasing,
        user_id,
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
    await edit_profile(group, resources.upload, resources.tokens, carol, {"is_private": True})
    await follow(group, follows, feed, alice_id, carol)
    await mute(group, resources.mutes, bob, alice_id, muting=True)
    dave = await cast.user_id("dave")
    await block(group, follows, blocks, feed, dave, alice_id)
    await _delete(resources, alice)
    with pytest.raises(Unavailable, match="not delivered yet"):
        await _erase(resources, alice_id)
    await _erase(resources, alice_id)
    assert await follows.states(alice_id, [bob, carol]) == {}
    assert await follows.states_in(carol, [alice_id]) == {}
    assert await follows.states(bob, [alice_id]) == {}
    assert await resources.mutes.states(bob, [alice_id]) == {}
    assert await blocks.states(dave, [alice_id]) == {}
    counts = (await follows.counts([bob]))[bob]
    assert (counts.in_count, counts.out_count) == (0, 0)


async def _sign_up(resources: Resources, username: str, email: str) -> int:
    form = SignUpForm(username, email, PASSWORD, "phone")
    made = await sign_up(
        resources.group, resources.passwords, resources.mail_limits, resources.tokens, form, None
    )
    return made["user"]["id"]


async def _end_holds(resources: Resources, by: timedelta) -> None:
    """Bring all holds nearer to their end."""
    for shard in resources.group.shards():
        async with resources.group.writer(shard) as tx:
            await tx.execute(_PASS_TIME, by=by)


async def test_the_address_becomes_free_at_once_and_the_username_after_two_weeks(
    resources: Resources, cast: Cast
) -> None:
    alice, bob = await cast.reader("alice"), await cast.user_id("bob")
    username, email = alice["user"]["username"], f"{alice['user']['username']}@mail.example"
    await _delete(resources, alice)
    await _erase(resources, alice["user"]["id"])
    with pytest.raises(UsernameTaken):
        await _sign_up(resources, username, f"other_{email}")
    with pytest.raises(UsernameTaken):
        await edit_profile(
            resources.group, resources.upload, resources.tokens, bob, {"username": username}
        )
    again = await _sign_up(resources, f"{username[:20]}_again", email)
    await verify(resources, again)
    await _end_holds(resources, timedelta(days=13, hours=23))
    with pytest.raises(UsernameTaken):
        await _sign_up(resources, username, f"other_{email}")
    await _end_holds(resources, timedelta(hours=1))
    assert await _sign_up(resources, username, f"other_{email}") != alice["user"]["id"]


async def test_a_name_given_up_before_is_held_no_longer_for_a_deletion(
    resources: Resources, cast: Cast
) -> None:
    alice = await cast.person("alice")
    alice_id, former = alice["user"]["id"], alice["user"]["username"]
    await edit_profile(
        resources.group, resources.upload, resources.tokens, alice_id, {"username": f"{former}x"}
    )
    for shard in resources.group.shards():
        async with resources.group.writer(shard) as tx:
            await tx.execute(_RETIRE_SOON, user_id=alice_id)
    await _delete(resources, alice)
    await _erase(resources, alice_id)
    with pytest.raises(UsernameTaken):
        await _sign_up(resources, former, f"other_{former}@mail.example")
    await _end_holds(resources, timedelta(hours=1))
    assert await _sign_up(resources, former, f"other_{former}@mail.example")
    with pytest.raises(UsernameTaken):
        await _sign_up(resources, f"{former}x", f"third_{former}@mail.example")


async def test_a_receipt_and_its_empty_account_end_after_thirty_days(
    resources: Resources, cast: Cast
) -> None:
    alice, bob = await cast.person("alice"), await cast.person("bob")
    alice_id, bob_id = alice["user"]["id"], bob["user"]["id"]
    for person in (alice, bob):
        await _delete(resources, person)
    await _erase(resources, alice_id)
    ended = ExpiredRows(resources.group, (OLD_RECEIPTS, OLD_HOLDS))
    for days, is_left in ((29, True), (2, False)):
        for shard in resources.group.shards():
            async with resources.group.writer(shard) as tx:
                await tx.execute(_AGE_RECEIPTS, by=timedelta(days=days))
        await ended.full_pass()
        assert (await find_progress(resources.group, alice_id) is not None) is is_left
        voids = await resources.group.rows_across(_VOIDS, resources.group.shards())
        assert (alice_id in {row["id"] for row in voids}) is is_left
    # A deletion that has not finished keeps its receipt.
    assert await find_progress(resources.group, bob_id) is not None


async def test_recorded_replies_of_sign_ins_go(resources: Resources, cast: Cast) -> None:
    alice = await cast.person("alice")
    alice_id = alice["user"]["id"]
    group = resources.group
    async with group.writer(group.shard_of(alice_id)) as tx:
        await tx.execute(_SIGNED_IN, scope=f"sign_in:{alice_id}")
    await _delete(resources, alice)
    await _erase(resources, alice_id)
    assert await group.rows_across(_OF_SIGN_INS, group.shards(), scope=f"sign_in:{alice_id}") == []


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
