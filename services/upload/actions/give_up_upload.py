"""Deletes an unfinished upload with its pieces."""

from services.upload.store.objects import Objects
from services.upload.store.uploads import delete_upload, find_upload
from services.upload.store.uploads_under_way import UploadsUnderWay
from shared.sharding.shard_group import ShardGroup


async def give_up_upload(
    group: ShardGroup,
    objects: Objects,
    under_way: UploadsUnderWay,
    owner_id: int,
    upload_id: int,
) -> None:
    """Delete it; one that is gone or not the owner's is skipped. A photo made of it stays."""
    if await find_upload(group, upload_id, owner_id) is None:
        return
    keys = await delete_upload(group, upload_id, owner_id)
    await under_way.forget(owner_id, upload_id)
    await objects.delete(keys)
