"""Reserves the unique names of an account that is being created or renamed."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from services.users.actions.give_names_back import give_names_back
from services.users.domain.emails import email_key
from services.users.domain.names import Name, former_names_of_mailbox, taken
from services.users.domain.session_tokens import SessionTokens
from services.users.store import directory
from services.users.store.accounts import find_credentials, keeps_name
from services.users.store.directory import Entry, Holder
from shared.errors import Conflict
from shared.sharding.shard_group import ShardGroup

# A second try, in case the entry in the way has just been released.
_TRIES = 2


async def reserve_names(
    group: ShardGroup, tokens: SessionTokens, names: Sequence[Name], wanted: Holder
) -> Holder:
    """Reserve all names or none; raises UsernameTaken or EmailTaken.

    Names are reserved in sequence: of two requests for the same names, the one that gets the first
    gets the second, too. The returned holder has an earlier user id if an earlier attempt of the
    same request had reserved the names.
    """
    await _refuse_what_is_taken(group, tokens, names, wanted)
    holder = wanted
    reserved: list[Name] = []
    for name in names:
        try:
            user_id = await _reserve(group, tokens, name, holder)
        except Conflict:
            await give_names_back(group, reserved, holder)
            raise
        if user_id is None or (reserved and user_id != holder.user_id):
            await give_names_back(group, reserved, holder)
            raise taken(name)
        holder = replace(holder, user_id=user_id)
        reserved.append(name)
    return holder


async def refuse_mailbox_of_before(group: ShardGroup, email: str, but_of: int) -> None:
    """Raise EmailTaken if another account has verified the mailbox under a key of older rules."""
    for name in former_names_of_mailbox(email):
        entry = await directory.find_entry(group, name)
        if entry is None:
            continue
        account = await find_credentials(group, entry.holder.user_id)
        if account is None or account.user_id == but_of or not account.is_verified:
            continue
        if email_key(account.email) == email_key(email):
            raise taken(name)


def _digests(tokens: SessionTokens, name: Name) -> list[bytes]:
    """Only usernames are held after a deletion: an address may sign up again at once."""
    return tokens.name_digests(name.key) if name.kind == "username" else []


async def _refuse_what_is_taken(
    group: ShardGroup, tokens: SessionTokens, names: Sequence[Name], wanted: Holder
) -> None:
    """Refuse taken names without a write, which is the common case."""
    entries = await asyncio.gather(*(directory.find_entry(group, name) for name in names))
    for name, entry in zip(names, entries, strict=True):
        if entry is not None and entry.is_confirmed and not _may_be_taken(entry, wanted):
            raise taken(name)
        digests = _digests(tokens, name) if entry is None else []
        if digests and await directory.is_held(group, name, digests):
            raise taken(name)


def _may_be_taken(entry: Entry, holder: Holder) -> bool:
    return entry.has_expired or _is_own_retired(entry, holder)


def _is_own_retired(entry: Entry, holder: Holder) -> bool:
    # A name that its owner has given up is kept from others only.
    is_retired = entry.is_confirmed and entry.expires_at is not None
    return is_retired and entry.holder.user_id == holder.user_id


async def _reserve(
    group: ShardGroup, tokens: SessionTokens, name: Name, holder: Holder
) -> int | None:
    digests = _digests(tokens, name)
    for _try in range(_TRIES):
        user_id = await directory.reserve_free_name(group, name, holder, digests)
        if user_id is not None:
            return user_id
        entry = await directory.find_entry(group, name)
        if entry is not None:
            return await _take_if_abandoned(group, name, entry, holder)
    return None


async def _take_if_abandoned(
    group: ShardGroup, name: Name, entry: Entry, holder: Holder
) -> int | None:
    if not _may_be_taken(entry, holder):
        return None
    is_own = _is_own_retired(entry, holder)
    if not is_own and await keeps_name(group, entry.holder.user_id, name):
        # The account does have the name; only the confirmation is missing.
        await directory.confirm(group, name, entry.holder.user_id)
        return None
    was_first = await directory.take_over(group, name, entry, holder)
    return holder.user_id if was_first else None
