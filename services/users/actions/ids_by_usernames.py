"""Finds the people who currently have some usernames."""

from collections.abc import Sequence

from services.users.actions.cards_by_ids import cards_by_ids
from services.users.domain.names import username_of
from services.users.domain.usernames import is_username, username_key
from services.users.store.directory import holders_of_names
from shared.sharding.shard_group import ShardGroup


async def ids_by_usernames(
    group: ShardGroup, viewer_id: int | None, usernames: Sequence[str]
) -> dict[str, int]:
    """Ids by username as given, without people the viewer may not know of.

    It costs three statements per primary. The directory alone does not decide: it may reserve a
    name for a new account, or keep one for a renamed account.
    """
    keys = {name: username_key(name) for name in usernames if is_username(username_key(name))}
    if not keys:
        return {}
    holders = await holders_of_names(group, [username_of(key) for key in set(keys.values())])
    cards = await cards_by_ids(group, viewer_id, list(set(holders.values())))
    return {
        name: user_id
        for name, key in keys.items()
        if (user_id := holders.get(key)) in cards
        and user_id is not None
        and username_key(cards[user_id]["username"]) == key
    }
