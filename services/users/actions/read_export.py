"""The state of an account's copy: users began it, upload has it."""

from typing import Literal

from services.users.clients.archives import ArchivesClient
from services.users.store.exports import find_export
from shared.contracts.accounts import Archive, Export
from shared.errors import NotFound
from shared.sharding.shard_group import ShardGroup
from shared.wire_time import wire_time

_NOTHING: Archive = {
    "state": "composing",
    "key": None,
    "bytes": None,
    "ready_at": None,
    "expires_at": None,
}


async def read_export(group: ShardGroup, archives: ArchivesClient, user_id: int) -> Export:
    """The newest copy; raises NotFound if none was requested."""
    export = await find_export(group, user_id)
    if export is None:
        raise NotFound
    archive: Archive | None = _NOTHING
    if export.handed_in_at is not None:
        archive = await archives.find(user_id, export.id)
    found = archive or _NOTHING
    return {
        "id": export.id,
        "state": _state(archive),
        "requested_at": wire_time(export.requested_at),
        "ready_at": found["ready_at"],
        "expires_at": found["expires_at"],
        "key": found["key"],
        "bytes": found["bytes"],
    }


def _state(archive: Archive | None) -> Literal["pending", "ready", "expired"]:
    if archive is None:
        return "expired"
    return "ready" if archive["state"] == "ready" else "pending"
