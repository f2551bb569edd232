"""Finds the person who currently has a username."""

from services.users.actions.get_visible_profile import VisibleProfile, get_visible_profile
from services.users.domain.names import username_of
from services.users.domain.usernames import is_username, username_key
from services.users.store.directory import find_entry
from shared.errors import NotFound
from shared.sharding.shard_group import ShardGroup


async def get_profile_by_username(
    group: ShardGroup, viewer_id: int | None, username: str
) -> VisibleProfile:
    """The profile; case does not matter. Raises NotFound.

    The directory alone does not decide: it may reserve a name for a new account, or keep one for a
    renamed account.
    """
    key = username_key(username)
    entry = await find_entry(group, username_of(key)) if is_username(key) else None
    if entry is None:
        raise NotFound
    known = await get_visible_profile(group, viewer_id, entry.holder.user_id)
    if username_key(known.person.card.username) != key:
        raise NotFound
    return known
