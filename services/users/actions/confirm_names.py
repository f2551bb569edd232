"""Brings the directory in line with what an account has become: names confirmed, names retired."""

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

# The topic of the event that is committed with a new account and with a renamed one.
NAMES_TOPIC = "names"


def names_event(
    user_id: int, *, confirmed: Sequence[Name] = (), retired: Sequence[Name] = ()
) -> dict[str, Any]:
    """What the transaction that changes the account publishes."""
    return {
        "user_id": user_id,
        "confirmed": [[name.kind, name.key] for name in confirmed],
        "retired": [[name.kind, name.key] for name in retired],
    }


async def confirm_names(group: ShardGroup, events: Sequence[OutboxEvent]) -> None:
    """A handler for the relay; changes nothing where it was done at once.

    The events of one account come in order, so whatever was done at once ends as the last one says.
    """
    for event in events:
        await _confirm(group, event.payload)


async def confirm_names_now(group: ShardGroup, payload: dict[str, Any]) -> None:
    """Right after the commit, as a best effort."""
    try:
        await _confirm(group, payload)
    except Unavailable:
        # Nobody notices: the names are reserved, and the relay settles them from the outbox.
        log.warning("names_not_confirmed_yet", user_id=payload["user_id"])


async def _confirm(group: ShardGroup, payload: dict[str, Any]) -> None:
    user_id = payload["user_id"]
    await asyncio.gather(
        *(directory.confirm(group, Name(*name), user_id) for name in payload["confirmed"]),
        *(directory.retire(group, Name(*name), user_id) for name in payload["retired"]),
    )
