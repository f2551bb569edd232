"""Deletes renditions of earlier edits that a photo no longer uses."""

from services.upload.actions.delete_photo import forget_copies
from services.upload.clients.media_caches import MediaCaches
from services.upload.store.objects import Objects, rendition_key
from services.upload.store.photos import lock_photo
from shared.sharding.shard_group import ShardGroup

TIDY_JOB = "tidy_photo"
# Four renditions for each edit that somebody tries in the seconds before this runs.
_OBJECTS_MAX = 1000


async def tidy_photo(
    group: ShardGroup, objects: Objects, caches: MediaCaches, photo_id: int
) -> None:
    """Tidy; repeatable. Skipped while an edit is drawn, which ends with this job, too."""
    async with group.writer(group.shard_of(photo_id)) as tx:
        # Locked until the end: an edit restored meanwhile would lose its renditions.
        photo = await lock_photo(tx, photo_id)
        if photo is None or photo.state == "processing":
            return
        listed, _ = await objects.page(rendition_key(photo_id, ""), "", _OBJECTS_MAX)
        stale = sorted({found.key for found in listed} - photo.known_keys)
        await objects.delete(stale)
    await forget_copies(caches, stale)
