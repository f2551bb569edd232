"""Takes photos away once their post is gone: at once for everybody, then from the store."""

from collections.abc import Sequence

from services.upload.store.photos import release_photos as write_release
from services.upload.store.photos import release_unattached
from shared.sharding.shard_group import ShardGroup
from shared.sharding.transaction import Transaction

DELETE_JOB = "delete_photo"


async def release_photos(
    group: ShardGroup, owner_id: int, photo_ids: Sequence[int], post_id: int | None = None
) -> None:
    """Those that were released before, or are not the owner's, are passed over.

    With a post also those that another post has by now: a claim that ran out before its
    confirmation came lets two posts show one photo, and it stays until the second is gone.
    """
    async with group.writer(group.shard_of(owner_id)) as tx:
        await _enqueue_deletions(tx, await write_release(tx, owner_id, photo_ids, post_id))


async def release_unattached_photos(
    group: ShardGroup, shard: int, photo_ids: Sequence[int]
) -> None:
    """Those of one shard that no post has; one that a post got just now is passed over."""
    async with group.writer(shard) as tx:
        await _enqueue_deletions(tx, await release_unattached(tx, photo_ids))


async def _enqueue_deletions(tx: Transaction, photo_ids: Sequence[int]) -> None:
    for photo_id in photo_ids:
        await tx.enqueue(DELETE_JOB, {"photo_id": photo_id})
