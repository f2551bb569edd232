"""Deletes an archive when it expires or its owner's account goes."""

from services.upload.store.archives import delete_archive
from services.upload.store.objects import Objects, archive_key, documents_key
from shared.sharding.shard_group import ShardGroup

FORGET_ARCHIVE_JOB = "forget_archive"


async def forget_archive(group: ShardGroup, objects: Objects, archive_id: int) -> None:
    """Delete it; repeatable. The row goes last, so a later try finds what is left."""
    await objects.delete([documents_key(archive_id), archive_key(archive_id)])
    await delete_archive(group, archive_id)
