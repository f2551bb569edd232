"""Edits a person's profile, including the username."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from services.users.actions.accept_requests import OPENED_TOPIC
from services.users.actions.choose_avatar import choose_avatar
from services.users.actions.confirm_avatars import AVATARS_TOPIC, avatar_event
from services.users.actions.confirm_names import NAMES_TOPIC, confirm_names_now, names_event
from services.users.actions.give_names_back import give_names_back
from services.users.actions.reserve_names import reserve_names
from services.users.actions.tell_feed import graph_event
from services.users.clients.upload import UploadClient
from services.users.domain.names import username_of
from services.users.domain.profile_change import ProfileChanged, ProfileFields, check_profile_change
from services.users.domain.profiles import ProfileFacts
from services.users.domain.session_tokens import SessionTokens
from services.users.store.directory import Holder
from services.users.store.profiles import change_profile, find_profile, lock_profile
from shared.errors import PreconditionFailed, Unauthenticated
from shared.sharding.shard_group import ShardGroup
from shared.sharding.transaction import Transaction


async def edit_profile(
    group: ShardGroup,
    upload: UploadClient,
    tokens: SessionTokens,
    user_id: int,
    given: Mapping[str, Any],
    versions: Collection[int] | None = None,
) -> ProfileFacts:
    """Apply `given`, new values by field, and return the new profile.

    Raises Invalid and UsernameTaken; PreconditionFailed unless the profile has one of the versions.
    Raises ProfileChanged if another change met a renaming, and Conflict if upload refuses the
    avatar.
    """
    person = await _get_profile(group, user_id)
    _check_version(person.version, versions)
    check_profile_change(given, person.card.username)
    changes = await choose_avatar(upload, user_id, given)
    if changes.get("username", person.card.username) != person.card.username:
        await _rename(group, tokens, person, changes)
    elif changes:
        async with group.writer(group.shard_of(user_id)) as tx:
            await _change(tx, user_id, changes, versions=versions)
    return await _get_profile(group, user_id)


async def _get_profile(group: ShardGroup, user_id: int) -> ProfileFacts:
    person = await find_profile(group, user_id)
    if person is None:
        raise Unauthenticated
    return person


async def _rename(
    group: ShardGroup, tokens: SessionTokens, person: ProfileFacts, changes: Mapping[str, Any]
) -> None:
    """The version read before the reservation is the fence: a takeover of the name changes it."""
    user_id, old = person.card.id, username_of(person.card.username)
    new = username_of(changes["username"])
    holder = Holder(user_id, f"rename:{user_id}")
    await reserve_names(group, tokens, [new], holder)
    names_change = names_event(user_id, confirmed=[new], retired=[old])
    try:
        async with group.writer(group.shard_of(user_id)) as tx:
            await _change(tx, user_id, changes, expected_version=person.version)
            await tx.publish(NAMES_TOPIC, names_change)
    except (ProfileChanged, Unauthenticated):
        await give_names_back(group, [new], holder)
        raise
    await confirm_names_now(group, names_change)


async def _change(
    tx: Transaction,
    user_id: int,
    changes: Mapping[str, Any],
    *,
    expected_version: int | None = None,
    versions: Collection[int] | None = None,
) -> None:
    fields = await lock_profile(tx, user_id)
    if fields is None:
        raise Unauthenticated
    _check_version(fields.version, versions)
    if expected_version is not None and fields.version != expected_version:
        raise ProfileChanged
    changed = replace(fields, **changes)
    if changed == fields:
        return
    version = await change_profile(tx, user_id, changed)
    await _publish_change(tx, user_id, fields, replace(changed, version=version))


def _check_version(present: int, allowed: Collection[int] | None) -> None:
    if allowed is not None and present not in allowed:
        raise PreconditionFailed


async def _publish_change(
    tx: Transaction, user_id: int, fields: ProfileFields, changed: ProfileFields
) -> None:
    taken, left = changed.avatar_photo_id, fields.avatar_photo_id
    if taken != left:
        await tx.publish(AVATARS_TOPIC, avatar_event(user_id, taken=taken, left=left))
    if changed.is_private != fields.is_private:
        await tx.publish(*graph_event("privacy", user_id, user_id, changed.version))
    if fields.is_private and not changed.is_private:
        await tx.publish(OPENED_TOPIC, {"user_id": user_id})
