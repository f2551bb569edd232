"""Edits a photo that is in no post yet: its alternative text, filter and crop."""

from collections.abc import Collection
from dataclasses import dataclass

from services.upload.actions.claim_photos import wait_until_processed
from services.upload.actions.process_photo import PROCESS_JOB
from services.upload.actions.tidy_photo import TIDY_JOB
from services.upload.domain.alt_texts import check_alt_text
from services.upload.domain.edits import PhotoEdit, check_edit
from services.upload.domain.photos import (
    PhotoAlreadyPublished,
    PhotoNotReady,
    PhotoUnusable,
    StoredPhoto,
    check_version,
    photo_of,
)
from services.upload.store.photos import (
    get_own_photo,
    lock_own_photos,
    undo_edit,
    write_alt_text,
    write_edit,
)
from shared.contracts.photos import Crop, Photo
from shared.errors import NotFound
from shared.sharding.shard_group import ShardGroup
from shared.sharding.transaction import Transaction

# Most photos are ready a few tenths of a second after they were sent.
_WAIT_MS_MAX = 5_000


@dataclass(frozen=True, slots=True)
class PhotoChange:
    """An edit; `fields` names the given ones, where None removes a filter or crop.

    Only `versions` may be edited; None allows any.
    """

    fields: frozenset[str]
    alt_text: str = ""
    filter_name: str | None = None
    crop: Crop | None = None
    versions: Collection[int] | None = None

    @property
    def is_of_pixels(self) -> bool:
        """Whether the photo must be drawn again."""
        return bool(self.fields & {"filter", "crop"})

    def edit_after(self, edit: PhotoEdit) -> PhotoEdit:
        """The result of this change on `edit`; fields not given stay."""
        return PhotoEdit(
            self.filter_name if "filter" in self.fields else edit.filter_name,
            self.crop if "crop" in self.fields else edit.crop,
        )


async def edit_photo(group: ShardGroup, owner_id: int, photo_id: int, change: PhotoChange) -> Photo:
    """Edit the photo and return it, `processing` while a filter or crop is drawn.

    It waits shortly for a photo being processed. Raises Invalid, NotFound and PreconditionFailed. A
    new filter or crop raises PhotoNotReady or PhotoUnusable if there is nothing to draw from.
    Raises PhotoAlreadyPublished if a post has it or has claimed it.
    """
    check_alt_text(change.alt_text)
    check_edit(change.edit_after(PhotoEdit()))
    if group.shard_of(photo_id) != group.shard_of(owner_id):
        raise NotFound
    if change.is_of_pixels:
        await wait_until_processed(group, owner_id, [photo_id], _WAIT_MS_MAX)
    async with group.writer(group.shard_of(owner_id)) as tx:
        photo = (await lock_own_photos(tx, owner_id, [photo_id])).get(photo_id)
        if photo is None:
            raise NotFound
        check_version(photo, change.versions)
        if photo.is_taken:
            raise PhotoAlreadyPublished
        if "alt_text" in change.fields:
            await write_alt_text(tx, photo_id, change.alt_text)
        await _change_edit(tx, photo, change.edit_after(photo.edit))
    return photo_of(await get_own_photo(group, photo_id, owner_id))


async def _change_edit(tx: Transaction, photo: StoredPhoto, edit: PhotoEdit) -> None:
    if edit == photo.edit:
        return
    if photo.state == "failed":
        raise PhotoUnusable(photo.failure)
    if photo.state == "processing" and photo.plain is None:
        raise PhotoNotReady(retry_after_s=1)
    if edit.is_plain:
        await undo_edit(tx, photo.id)
        await tx.enqueue(TIDY_JOB, {"photo_id": photo.id})
    else:
        await write_edit(tx, photo.id, edit)
        await tx.enqueue(PROCESS_JOB, {"photo_id": photo.id})
