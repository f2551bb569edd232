"""Begins a copy of all that the viewer's account holds."""

from services.users.actions.export_account import EXPORT_JOB
from services.users.store.exports import request_export as write_request
from shared.sharding.shard_group import ShardGroup


async def request_export(group: ShardGroup, user_id: int) -> None:
    """While one is on its way, asking again changes nothing; afterwards it begins a new one."""
    async with group.writer(group.shard_of(user_id)) as tx:
        if await write_request(tx, user_id) is not None:
            await tx.enqueue(EXPORT_JOB, {"user_id": user_id})
