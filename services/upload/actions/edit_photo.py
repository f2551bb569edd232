"""Changes a photo that is in no post yet: what it is said to show, and how it looks."""

from dataclasses import dataclass

from services.upload.actions.claim_photos import wait_until_processed
from services.upload.actions.process_photo import PROCESS_JOB
from services.upload.actions.tidy_photo import TIDY_JOB
from services.upload.domain.alt_texts import check_alt_text
from services.upload.domain.looks import Look, check_look
from services.upload.domain.photos import (
    PhotoAlreadyPublished,
    PhotoNotReady,
    PhotoUnusable,
    StoredPhoto,
    photo_of,
)
from services.upload.store.photos import (
    get_own_photo,
    lock_own_photos,
    take_look_off,
    write_alt_text,
    write_look,
)
from shared.contracts.photos import Crop, Photo
from shared.errors import NotFound
from shared.sharding.shard_group import ShardGroup
from shared.sharding.transaction import Transaction

# Most are ready a few tenths of a second after they were sent.
_WAIT_MS_MAX = 5_000


@dataclass(frozen=True, slots=True)
class PhotoChange:
    """What is to change; `fields` names what was said, None among it takes a filter or crop off."""

    fields: frozenset[str]
    alt_text: str = ""
    filter_name: str | None = None
    crop: Crop | None = None

    @property
    def is_of_look(self) -> bool:
        """Has it to be drawn anew?"""
        return bool(self.fields & {"filter", "crop"})

    def look_after(self, look: Look) -> Look:
        """What was not said stays as it is."""
        return Look(
            self.filter_name if "filter" in self.fields else look.filter_name,
            self.crop if "crop" in self.fields else look.crop,
        )


async def edit_photo(group: ShardGroup, owner_id: int, photo_id: int, change: PhotoChange) -> Photo:
    """The photo as it is then, `processing` while a look is drawn; posts keep what they have.

    Waits a little for a photo that is being processed. Raises Invalid, NotFound, PhotoNotReady and
    PhotoUnusable for another look of what is not ready, and PhotoAlreadyPublished if a post has it
    or is about to.
    """
    check_alt_text(change.alt_text)
    check_look(change.look_after(Look()))
    if group.shard_of(photo_id) != group.shard_of(owner_id):
        raise NotFound
    if change.is_of_look:
        await wait_until_processed(group, owner_id, [photo_id], _WAIT_MS_MAX)
    async with group.writer(group.shard_of(owner_id)) as tx:
        photo = (await lock_own_photos(tx, owner_id, [photo_id])).get(photo_id)
        if photo is None:
            raise NotFound
        if photo.is_taken:
            raise PhotoAlreadyPublished
        if "alt_text" in change.fields:
            await write_alt_text(tx, photo_id, change.alt_text)
        await _change_look(tx, photo, change.look_after(photo.look))
    return photo_of(await get_own_photo(group, photo_id, owner_id))


async def _change_look(tx: Transaction, photo: StoredPhoto, look: Look) -> None:
    if look == photo.look:
        return
    if photo.state == "failed":
        raise PhotoUnusable(photo.failure)
    if photo.state == "processing" and photo.plain is None:
        raise PhotoNotReady(retry_after_s=1)
    if look.is_plain:
        await take_look_off(tx, photo.id)
        await tx.enqueue(TIDY_JOB, {"photo_id": photo.id})
    else:
        await write_look(tx, photo.id, look)
        await tx.enqueue(PROCESS_JOB, {"photo_id": photo.id})
