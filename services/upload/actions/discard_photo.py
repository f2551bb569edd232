"""Deletes a photo that is in no post, for its owner."""

from collections.abc import Collection

from services.upload.actions.release_photos import DELETE_JOB
from services.upload.domain.photos import PhotoAlreadyPublished, check_version
from services.upload.store.photos import lock_own_photos, release_photos
from shared.sharding.shard_group import ShardGroup


async def discard_photo(
    group: ShardGroup, owner_id: int, photo_id: int, versions: Collection[int] | None = None
) -> None:
    """Delete it; a photo that is gone or not the owner's is skipped.

    Raises PhotoAlreadyPublished if a post has it or has claimed it, since it then goes with the
    post. Raises PreconditionFailed if it has none of the versions.
    """
    if group.shard_of(photo_id) != group.shard_of(owner_id):
        return
    async with group.writer(group.shard_of(owner_id)) as tx:
        photo = (await lock_own_photos(tx, owner_id, [photo_id])).get(photo_id)
        if photo is None:
            return
        check_version(photo, versions)
        if photo.is_taken:
            raise PhotoAlreadyPublished
        await release_photos(tx, owner_id, [photo_id])
        await tx.enqueue(DELETE_JOB, {"photo_id": photo_id})
