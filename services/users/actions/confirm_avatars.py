"""Tells upload which photos have become avatars and which have ceased to be."""

from collections.abc import Sequence
from typing import Any

from services.users.clients.upload import UploadClient
from shared.sharding.outbox import OutboxEvent

# The topic of the event that commits with the change of a profile.
AVATARS_TOPIC = "avatars"


def avatar_event(user_id: int, *, taken: int | None, left: int | None) -> dict[str, Any]:
    """The payload that the profile's transaction publishes: ids of photos."""
    return {"user_id": user_id, "taken": taken, "left": left}


async def confirm_avatars(upload: UploadClient, events: Sequence[OutboxEvent]) -> None:
    """Handle relayed events; repeatable."""
    for event in events:
        user_id, taken, left = (event.payload[name] for name in ("user_id", "taken", "left"))
        if taken is not None:
            await upload.confirm_avatar(user_id, taken)
        if left is not None:
            await upload.release_avatar(user_id, left)
