"""Tells upload which photos have become avatars and which no longer are."""

from collections.abc import Sequence
from typing import Any

from services.users.clients.upload import UploadClient
from shared.sharding.outbox import OutboxEvent

# The topic of the event that is committed with the change of a profile.
AVATARS_TOPIC = "avatars"


def avatar_event(user_id: int, *, taken: int | None, left: int | None) -> dict[str, Any]:
    """What the transaction that changes the profile publishes: ids of photos."""
    return {"user_id": user_id, "taken": taken, "left": left}


async def confirm_avatars(upload: UploadClient, events: Sequence[OutboxEvent]) -> None:
    """A handler for the relay; the same when repeated."""
    for event in events:
        user_id, taken, left = (event.payload[name] for name in ("user_id", "taken", "left"))
        if taken is not None:
            await upload.confirm_avatar(user_id, taken)
        if left is not None:
            await upload.release_avatar(user_id, left)
