"""Releases photos whose post is gone: invisible at once, then deleted from the store."""

from collections.abc import Sequence

from services.upload.store.photos import release_photos as write_release
from services.upload.store.photos import release_unattached
from shared.sharding.shard_group import ShardGroup
from shared.sharding.transaction import Transaction

DELETE_JOB = "delete_photo"


async def release_photos(
    group: ShardGroup, owner_id: int, photo_ids: Sequence[int], post_id: int | None = None
) -> None:
    """Release them; photos released before or not the owner's are skipped.

    With a post id, photos that another post has stay as well. An expired claim with a late
    confirmation lets two posts show one photo, which stays until the second post is gone.
    """
    async with group.writer(group.shard_of(owner_id)) as tx:
        await _enqueue_deletions(tx, await write_release(tx, owner_id, photo_ids, post_id))


async def release_unattached_photos(
    group: ShardGroup, shard: int, photo_ids: Sequence[int]
) -> None:
    """Release photos of one shard that are in no post; one just claimed is skipped."""
    async with group.writer(shard) as tx:
        await _enqueue_deletions(tx, await release_unattached(tx, photo_ids))


async def _enqueue_deletions(tx: Transaction, photo_ids: Sequence[int]) -> None:
    for photo_id in photo_ids:
        await tx.enqueue(DELETE_JOB, {"photo_id": photo_id})
