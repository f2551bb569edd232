"""Erases a deleted account from upload, one page at a time."""

from services.upload.actions.delete_photo import delete_photo
from services.upload.actions.forget_archive import forget_archive
from services.upload.actions.release_photos import release_photos
from services.upload.clients.media_caches import MediaCaches
from services.upload.store.archives import archive_ids_of_owner
from services.upload.store.erasures import bar_owner, photo_ids_of_owner
from services.upload.store.objects import Objects
from services.upload.store.uploads import delete_upload, upload_ids_of_owner
from shared.sharding.idempotency import forget_requests_of
from shared.sharding.shard_group import ShardGroup

# Each photo has at most nine objects, and the caller waits at most ten seconds.
PAGE_MAX = 50


async def erase_account(
    group: ShardGroup, objects: Objects, caches: MediaCaches, owner_id: int
) -> bool:
    """Delete one page of photos with their objects; True when nothing is left.

    Repeating it does no harm, even after the end. A slow request that began before the deletion
    finds the owner barred. Objects of no photo come after the photos.
    """
    await bar_owner(group, owner_id)
    photo_ids = await photo_ids_of_owner(group, owner_id, PAGE_MAX)
    if photo_ids:
        await release_photos(group, owner_id, photo_ids)
        for photo_id in photo_ids:
            await delete_photo(group, objects, caches, photo_id)
        return False
    if await _erase_what_is_in_no_photo(group, objects, owner_id):
        return False
    async with group.writer(group.shard_of(owner_id)) as tx:
        await forget_requests_of(tx, owner_id)
    return True


async def _erase_what_is_in_no_photo(group: ShardGroup, objects: Objects, owner_id: int) -> bool:
    """True if it found any, since there may be more."""
    archive_ids = await archive_ids_of_owner(group, owner_id, PAGE_MAX)
    for archive_id in archive_ids:
        await forget_archive(group, objects, archive_id)
    upload_ids = await upload_ids_of_owner(group, owner_id, PAGE_MAX)
    for upload_id in upload_ids:
        await delete_upload(group, upload_id, owner_id)
    keys = await objects.keys_of_originals(owner_id, PAGE_MAX)
    await objects.delete(keys)
    return bool(archive_ids or upload_ids or keys)
