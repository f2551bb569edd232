"""Confirms and retires names in the directory after an account has changed."""

import asyncio
from collections.abc import Sequence
from typing import Any

from services.users.domain.names import Name
from services.users.store import directory
from shared.errors import Unavailable
from shared.logs import get_logger
from shared.sharding.outbox import OutboxEvent
from shared.sharding.shard_group import ShardGroup

log = get_logger()

# The topic of the event that commits with a new or renamed account.
NAMES_TOPIC = "names"


def names_event(
    user_id: int, *, confirmed: Sequence[Name] = (), retired: Sequence[Name] = ()
) -> dict[str, Any]:
    """The payload that the account's transaction publishes."""
    return {
        "user_id": user_id,
        "confirmed": [[name.kind, name.key] for name in confirmed],
        "retired": [[name.kind, name.key] for name in retired],
    }


async def confirm_names(group: ShardGroup, events: Sequence[OutboxEvent]) -> None:
    """Handle relayed events; a name confirmed at once stays as it is.

    Events of one account come in order, so the last one decides.
    """
    for event in events:
        await _confirm(group, event.payload)


async def confirm_names_now(group: ShardGroup, payload: dict[str, Any]) -> None:
    """Confirm directly after the commit, as a best effort."""
    try:
        await _confirm(group, payload)
    except Unavailable:
        # Nobody notices: the names are reserved, and the relay confirms them from the outbox.
        log.warning("names_not_confirmed_yet", user_id=payload["user_id"])


async def _confirm(group: ShardGroup, payload: dict[str, Any]) -> None:
    user_id = payload["user_id"]
    await asyncio.gather(
        *(directory.confirm(group, Name(*name), user_id) for name in payload["confirmed"]),
        *(directory.retire(group, Name(*name), user_id) for name in payload["retired"]),
    )
