"""Deletes a released photo: its objects, the balancers' copies, then its row."""

from collections.abc import Collection

from services.upload.clients.media_caches import MediaCaches
from services.upload.store.objects import Objects
from services.upload.store.photos import delete_photo as delete_row
from services.upload.store.photos import find_released_photo
from shared.errors import Unavailable
from shared.logs import get_logger
from shared.sharding.shard_group import ShardGroup

log = get_logger()


async def delete_photo(
    group: ShardGroup, objects: Objects, caches: MediaCaches, photo_id: int
) -> None:
    """The row goes last: while it exists, a later try finds the keys."""
    photo = await find_released_photo(group, photo_id)
    if photo is None:
        return
    renditions = sorted(photo.known_keys)
    originals = [] if photo.quarantine_key is None else [photo.quarantine_key]
    await objects.delete(renditions + originals)
    await forget_copies(caches, renditions)
    await delete_row(group, photo_id)


async def forget_copies(caches: MediaCaches, renditions: Collection[str]) -> None:
    """Tell the balancers which renditions are gone; one that does not answer is skipped."""
    try:
        await caches.forget(renditions)
    except Unavailable as error:
        # No new addresses are issued for them, and issued ones expire within ten minutes.
        log.warning("copies_not_forgotten", reason=error.detail)
