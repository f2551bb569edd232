"""Takes photos away once their post is gone: at once for everybody, then from the store."""

from collections.abc import Sequence

from services.upload.store.photos import release_photos as write_release
from shared.sharding.shard_group import ShardGroup

DELETE_JOB = "delete_photo"


async def release_photos(group: ShardGroup, owner_id: int, photo_ids: Sequence[int]) -> None:
    """Those that were released before, or are not the owner's, are passed over."""
    async with group.writer(group.shard_of(owner_id)) as tx:
        for photo_id in await write_release(tx, owner_id, photo_ids):
            await tx.enqueue(DELETE_JOB, {"photo_id": photo_id})
