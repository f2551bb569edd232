"""Changes a photo that is in no post yet."""

from services.upload.domain.alt_texts import check_alt_text
from services.upload.domain.photos import PhotoAlreadyPublished, photo_of
from services.upload.store.photos import get_own_photo, lock_own_photos, write_alt_text
from shared.contracts.photos import Photo
from shared.errors import NotFound
from shared.sharding.shard_group import ShardGroup


async def edit_photo(group: ShardGroup, owner_id: int, photo_id: int, alt_text: str) -> Photo:
    """The photo as it is then; posts keep what it was when they were published.

    Raises Invalid, NotFound, and PhotoAlreadyPublished if a post has it or is about to.
    """
    check_alt_text(alt_text)
    if group.shard_of(photo_id) != group.shard_of(owner_id):
        raise NotFound
    async with group.writer(group.shard_of(owner_id)) as tx:
        photo = (await lock_own_photos(tx, owner_id, [photo_id])).get(photo_id)
        if photo is None:
            raise NotFound
        if photo.is_taken:
            raise PhotoAlreadyPublished
        await write_alt_text(tx, photo_id, alt_text)
    return photo_of(await get_own_photo(group, photo_id, owner_id))
