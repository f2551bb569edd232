"""Deletes what a released photo left in the store and with the balancers, then the photo itself."""

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
    """The row goes last: as long as it is there, its keys are known and a later try finds them."""
    photo = await find_released_photo(group, photo_id)
    if photo is None:
        return
    renditions = sorted(photo.known_keys)
    originals = [] if photo.quarantine_key is None else [photo.quarantine_key]
    await objects.delete(renditions + originals)
    await forget_copies(caches, renditions)
    await delete_row(group, photo_id)


async def forget_copies(caches: MediaCaches, renditions: Collection[str]) -> None:
    """Tell the balancers of renditions that are gone; one that does not answer is passed over."""
    try:
        await caches.forget(renditions)
    except Unavailable as error:
        # Nobody is given an address of them any more, and those given out live ten minutes.
        log.warning("copies_not_forgotten", reason=error.detail)
