"""Deletes an archive when its time is over, or when its owner's account goes."""

from services.upload.store.archives import delete_archive
from services.upload.store.objects import Objects, archive_key, documents_key
from shared.sharding.shard_group import ShardGroup

FORGET_ARCHIVE_JOB = "forget_archive"


async def forget_archive(group: ShardGroup, objects: Objects, archive_id: int) -> None:
    """The row goes last, so that a later try finds what an earlier one left; may be repeated."""
    await objects.delete([documents_key(archive_id), archive_key(archive_id)])
    await delete_archive(group, archive_id)
