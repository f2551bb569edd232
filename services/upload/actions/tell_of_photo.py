"""Tells a connected owner that a photo is ready or has failed."""

from services.upload.clients.feed import FeedClient
from services.upload.store.photos import find_photo
from shared.errors import Unavailable
from shared.logs import get_logger
from shared.sharding.shard_group import ShardGroup

log = get_logger()


async def tell_of_photo(group: ShardGroup, feed: FeedClient, photo_id: int) -> None:
    """Tell it; a photo still processing or gone is skipped.

    A lost event costs little: publishing waits for photos, and clients can poll them.
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
