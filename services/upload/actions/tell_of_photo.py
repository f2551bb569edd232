"""Tells the owner of a photo, if connected, that it has become ready or failed."""

from services.upload.clients.feed import FeedClient
from services.upload.store.photos import find_photo
from shared.errors import Unavailable
from shared.logs import get_logger
from shared.sharding.shard_group import ShardGroup

log = get_logger()


async def tell_of_photo(group: ShardGroup, feed: FeedClient, photo_id: int) -> None:
    """Nothing is told of one that is still processed, or gone.

    An event that is lost costs little: publishing waits for photos, and they can be asked for.
    """
    photo = await find_photo(group, photo_id)
    if photo is None or photo.state == "processing":
        return
    try:
        await feed.tell_of_photo(
            {"owner_id": photo.owner_id, "photo_id": photo.id, "state": photo.state}
        )
    except Unavailable:
        log.warning("photo_not_told", photo_id=photo_id)
