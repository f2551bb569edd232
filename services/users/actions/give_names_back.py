"""Releases the names of a failed sign-up or renaming."""

from collections.abc import Sequence

from services.users.domain.names import Name
from services.users.store import directory
from services.users.store.accounts import keeps_name
from services.users.store.directory import Holder
from shared.errors import Unavailable
from shared.logs import get_logger
from shared.sharding.shard_group import ShardGroup

log = get_logger()


async def give_names_back(group: ShardGroup, names: Sequence[Name], holder: Holder) -> None:
    """Release reservations, unless another attempt of the same request has used them."""
    try:
        for name in names:
            if not await keeps_name(group, holder.user_id, name):
                await directory.release(group, name, holder)
    except Unavailable:
        # Nobody can take the names until the reservation expires.
        log.warning("names_not_given_back", user_id=holder.user_id)
