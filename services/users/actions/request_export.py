"""Begins a copy of the viewer's account."""

from services.users.actions.export_account import EXPORT_JOB
from services.users.store.exports import request_export as write_request
from shared.sharding.shard_group import ShardGroup


async def request_export(group: ShardGroup, user_id: int) -> None:
    """Begin a copy, unless one is being made."""
    async with group.writer(group.shard_of(user_id)) as tx:
        if await write_request(tx, user_id) is not None:
            await tx.enqueue(EXPORT_JOB, {"user_id": user_id})
