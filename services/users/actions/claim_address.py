"""Gives an address to the account that has shown to read it, and to no other one."""

from services.users.actions.reserve_names import refuse_mailbox_of_before
from services.users.domain.emails import EmailTaken
from services.users.domain.names import Name, email_of
from services.users.store import directory
from services.users.store.accounts import keeps_name
from services.users.store.directory import Entry, Holder
from shared.sharding.shard_group import ShardGroup

# A second try, in case the entry in the way has just been released.
_TRIES = 2


async def claim_address(group: ShardGroup, holder: Holder, email: str) -> Name:
    """Reserve the address, and return its name; raises EmailTaken if it is somebody else's.

    Only a verified address is somebody's. An account that has named the address without reading it
    loses the entry, and the new version of its profile makes a slow verification there fail.
    """
    name = email_of(email)
    await refuse_mailbox_of_before(group, email, holder.user_id)
    for _try in range(_TRIES):
        if await directory.reserve_free_name(group, name, holder) == holder.user_id:
            return name
        entry = await directory.find_entry(group, name)
        if entry is not None and await _may_take(group, name, entry, holder):
            return name
    raise EmailTaken


async def _may_take(group: ShardGroup, name: Name, entry: Entry, holder: Holder) -> bool:
    is_own = entry.holder.user_id == holder.user_id
    if is_own and entry.is_confirmed and entry.expires_at is None:
        return True
    is_kept = entry.expires_at is not None and not entry.has_expired
    if not is_own and is_kept:
        # Another account is claiming it, or may still undo a change.
        raise EmailTaken
    if not is_own and await keeps_name(group, entry.holder.user_id, name):
        await directory.confirm(group, name, entry.holder.user_id)
        raise EmailTaken
    return await directory.take_over(group, name, entry, holder)
