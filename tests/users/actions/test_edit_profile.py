"""Profile edits: fields at once, and usernames that never have two owners."""

import asyncio
import secrets
from typing import Any

import pytest

from services.users.actions.edit_profile import edit_profile
from services.users.actions.get_profile_by_username import get_profile_by_username
from services.users.actions.reserve_names import reserve_names
from services.users.actions.sign_in import SignInForm, sign_in
from services.users.actions.sign_up import sign_up
from services.users.domain.names import username_of
from services.users.domain.passwords import WrongCredentials
from services.users.domain.profile_change import ProfileChanged
from services.users.domain.sign_up_form import SignUpForm
from services.users.domain.usernames import UsernameTaken
from services.users.resources import Resources
from services.users.store import directory
from services.users.store.accounts import keeps_name
from services.users.store.directory import Holder
from shared.errors import Conflict, Invalid, NotFound, Unauthenticated
from shared.sql_files import parse_query
from tests.users.cast import PASSWORD, Cast
from tests.users.fake_feed import FakeFeed

_EXPIRE = parse_query(
    "expire",
    "UPDATE :schema.directory SET expires_at = now() - interval '1 second'"
    " WHERE name_key = :key AND expires_at IS NOT NULL",
)
_EVENTS = parse_query(
    "events",
    "SELECT payload FROM :schema.outbox WHERE topic = 'graph' AND payload->>'kind' = 'privacy'"
    " AND (payload->>'actor_id')::bigint = :actor_id ORDER BY position",
)

_AVATARS = parse_query(
    "avatars",
    "SELECT payload FROM :schema.outbox WHERE topic = 'avatars'"
    " AND (payload->>'user_id')::bigint = :user_id ORDER BY position",
)


def _new_name(name: str = "new") -> str:
    return f"{name}_{secrets.token_hex(6)}"


async def _sign_up_as(resources: Resources, username: str) -> int:
    form = SignUpForm(username, f"{_new_name()}@mail.example", PASSWORD, "")
    made = await sign_up(
        resources.group, resources.passwords, resources.mail_limits, resources.tokens, form, None
    )
    return made["user"]["id"]


async def test_an_own_photo_becomes_the_avatar(
    resources: Resources, cast: Cast, fake_feed: FakeFeed
) -> None:
    alice = (await cast.person("alice"))["user"]["id"]
    fake_feed.photos.update({71: alice, 72: alice})
    with pytest.raises(Invalid):
        await edit_profile(
            resources.group, resources.upload, resources.tokens, alice, {"avatar_photo_id": 70}
        )
    for photo_id in (71, 72):
        change = {"avatar_photo_id": photo_id}
        person = await edit_profile(
            resources.group, resources.upload, resources.tokens, alice, change
        )
        assert person.card.avatar_key == f"renditions/{photo_id}/thumb.jpg"
    events = await resources.group.rows_across(_AVATARS, resources.group.shards(), user_id=alice)
    told = [(event["payload"]["taken"], event["payload"]["left"]) for event in events]
    assert told == [(71, None), (72, 71)]


async def test_an_avatar_can_be_removed(
    resources: Resources, cast: Cast, fake_feed: FakeFeed
) -> None:
    alice = (await cast.person("alice"))["user"]["id"]
    fake_feed.photos[73] = alice
    await edit_profile(
        resources.group, resources.upload, resources.tokens, alice, {"avatar_photo_id": 73}
    )
    person = await edit_profile(
        resources.group, resources.upload, resources.tokens, alice, {"avatar_photo_id": None}
    )
    assert person.card.avatar_key is None


async def _expire(resources: Resources, username: str) -> None:
    shard = directory._shard(resources.group, username_of(username))
    async with resources.group.writer(shard) as tx:
        assert await tx.execute(_EXPIRE, key=username) == 1


async def test_only_the_given_fields_change_and_the_version_grows(
    resources: Resources, cast: Cast
) -> None:
    alice = await cast.user_id("alice")
    before = await edit_profile(
        resources.group, resources.upload, resources.tokens, alice, {"bio": "fog"}
    )
    after = await edit_profile(
        resources.group, resources.upload, resources.tokens, alice, {"display_name": "Alice 👩‍💻"}
    )
    assert (after.bio, after.card.display_name) == ("fog", "Alice 👩‍💻")
    assert after.version == before.version + 1


async def test_an_edit_to_the_same_values_changes_nothing(resources: Resources, cast: Cast) -> None:
    alice = await cast.person("alice")
    before = await edit_profile(
        resources.group, resources.upload, resources.tokens, alice["user"]["id"], {"bio": "fog"}
    )
    same: dict[str, Any] = {"bio": "fog", "username": alice["user"]["username"]}
    assert (
        await edit_profile(
            resources.group, resources.upload, resources.tokens, alice["user"]["id"], same
        )
        == before
    )


async def test_a_missing_account_cannot_be_edited(resources: Resources) -> None:
    with pytest.raises(Unauthenticated):
        await edit_profile(
            resources.group, resources.upload, resources.tokens, 2**50, {"bio": "fog"}
        )


async def test_feed_is_told_of_changes_of_privacy_only(resources: Resources, cast: Cast) -> None:
    alice = await cast.user_id("alice")
    for change in (
        {"bio": "fog"},
        {"is_private": True},
        {"is_private": True},
        {"is_private": False},
    ):
        await edit_profile(resources.group, resources.upload, resources.tokens, alice, change)
    rows = await resources.group.reader(resources.group.shard_of(alice)).rows(
        _EVENTS, actor_id=alice
    )
    versions = [row["payload"]["version"] for row in rows]
    assert len(versions) == 2
    assert versions == sorted(versions)


async def test_a_renamed_person_is_found_and_signs_in_by_the_new_name_only(
    resources: Resources, cast: Cast
) -> None:
    alice = (await cast.person("alice"))["user"]
    new = _new_name()
    await edit_profile(
        resources.group, resources.upload, resources.tokens, alice["id"], {"username": new}
    )
    known = await get_profile_by_username(resources.group, None, new)
    assert known.person.card.id == alice["id"]
    with pytest.raises(NotFound):
        await get_profile_by_username(resources.group, None, alice["username"])
    form = SignInForm(new, PASSWORD, "")
    assert await sign_in(
        resources.group, resources.passwords, resources.mail_limits, resources.tokens, form, None
    )
    old_form = SignInForm(alice["username"], PASSWORD, "")
    with pytest.raises(WrongCredentials):
        await sign_in(
            resources.group,
            resources.passwords,
            resources.mail_limits,
            resources.tokens,
            old_form,
            None,
        )


async def test_an_old_name_is_kept_from_others_until_it_has_expired(
    resources: Resources, cast: Cast
) -> None:
    alice = (await cast.person("alice"))["user"]
    await edit_profile(
        resources.group, resources.upload, resources.tokens, alice["id"], {"username": _new_name()}
    )
    with pytest.raises(UsernameTaken):
        await _sign_up_as(resources, alice["username"])
    await _expire(resources, alice["username"])
    assert await _sign_up_as(resources, alice["username"])


async def test_an_owner_may_take_their_old_name_back_at_once(
    resources: Resources, cast: Cast
) -> None:
    alice = (await cast.person("alice"))["user"]
    await edit_profile(
        resources.group, resources.upload, resources.tokens, alice["id"], {"username": _new_name()}
    )
    back = await edit_profile(
        resources.group,
        resources.upload,
        resources.tokens,
        alice["id"],
        {"username": alice["username"]},
    )
    assert back.card.username == alice["username"]
    with pytest.raises(UsernameTaken):
        await _sign_up_as(resources, alice["username"])
    entry = await directory.find_entry(resources.group, username_of(alice["username"]))
    assert entry is not None
    assert entry.expires_at is None


async def test_a_taken_name_is_refused(resources: Resources, cast: Cast) -> None:
    alice, bob = (await cast.person("alice"))["user"], await cast.user_id("bob")
    with pytest.raises(UsernameTaken):
        await edit_profile(
            resources.group,
            resources.upload,
            resources.tokens,
            bob,
            {"username": alice["username"]},
        )


async def test_exactly_one_of_many_concurrent_renamings_gets_the_name(
    resources: Resources, cast: Cast
) -> None:
    people, wanted = await cast.user_ids(*["somebody"] * 8), _new_name()

    async def outcome(user_id: int) -> str:
        try:
            await edit_profile(
                resources.group, resources.upload, resources.tokens, user_id, {"username": wanted}
            )
        except Conflict as refusal:
            return refusal.code
        return "renamed"

    outcomes = await asyncio.gather(*(outcome(user_id) for user_id in people))
    assert sorted(outcomes) == ["renamed"] + ["username_taken"] * 7


async def test_an_interrupted_renaming_can_be_repeated_at_once(
    resources: Resources, cast: Cast
) -> None:
    alice, wanted = await cast.user_id("alice"), _new_name()
    await reserve_names(
        resources.group, resources.tokens, [username_of(wanted)], Holder(alice, f"rename:{alice}")
    )
    renamed = await edit_profile(
        resources.group, resources.upload, resources.tokens, alice, {"username": wanted}
    )
    assert renamed.card.username == wanted


async def test_an_overtaken_renaming_makes_no_second_owner(
    resources: Resources, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, wanted = await cast.user_id("alice"), _new_name()
    winner: list[int] = []

    async def reserve_and_dawdle(*arguments: Any) -> Holder:
        holder = await reserve_names(*arguments)
        await _expire(resources, wanted)
        winner.append(await _sign_up_as(resources, wanted))
        return holder

    monkeypatch.setattr("services.users.actions.edit_profile.reserve_names", reserve_and_dawdle)
    with pytest.raises(ProfileChanged):
        await edit_profile(
            resources.group, resources.upload, resources.tokens, alice, {"username": wanted}
        )
    known = await get_profile_by_username(resources.group, None, wanted)
    assert [known.person.card.id] == winner
    assert await keeps_name(resources.group, winner[0], username_of(wanted))
