"""Deletes what a released photo left in the store, then the photo itself."""

from services.upload.store.objects import Objects
from services.upload.store.photos import delete_photo as delete_row
from services.upload.store.photos import find_released_photo
from shared.sharding.shard_group import ShardGroup


async def delete_photo(group: ShardGroup, objects: Objects, photo_id: int) -> None:
    """The row goes last: as long as it is there, its keys are known and a later try finds them."""
    photo = await find_released_photo(group, photo_id)
    if photo is None:
        return
    keys = [rendition["key"] for rendition in photo.renditions]
    if photo.quarantine_key is not None:
        keys.append(photo.quarantine_key)
    await objects.delete(keys)
    await delete_row(group, photo_id)
