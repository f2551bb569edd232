"""Turns a complete upload into a photo."""

import asyncio
from collections.abc import AsyncIterator

from services.upload.actions.receive_photo import SentPicture, receive_photo
from services.upload.domain.photos import photo_of
from services.upload.domain.uploads import StoredUpload, upload_of
from services.upload.store.objects import Objects
from services.upload.store.photos import find_photo
from services.upload.store.uploads import delete_upload, find_upload, note_photo, piece_keys
from shared.contracts.photos import Photo, Upload
from shared.errors import Invalid, NotFound, RequestInProgress, Unavailable, UnsupportedMediaType
from shared.sharding.idempotency import LEASE_SECONDS
from shared.sharding.shard_group import ShardGroup

# Doubling, and longer than the lease of a process that died while it made the photo.
_WAITS_S = (*(LEASE_SECONDS / 2**n for n in range(7, 0, -1)), 0.2)


async def get_own_upload(group: ShardGroup, upload_id: int, owner_id: int) -> StoredUpload:
    """The upload; raises NotFound if it is another's or was deleted."""
    upload = await find_upload(group, upload_id, owner_id)
    if upload is None:
        raise NotFound
    return upload


async def progress_of(group: ShardGroup, objects: Objects, upload: StoredUpload) -> Upload:
    """The upload's progress; if it broke off after the last byte, the photo is made now.

    Raises what `receive_photo` raises for bytes that are no picture; the upload is then gone.
    """
    if not upload.is_whole:
        return upload_of(upload, None)
    if upload.photo_id is not None:
        made = await find_photo(group, upload.photo_id)
        return upload_of(upload, None if made is None else photo_of(made))
    return upload_of(upload, await _finish(group, objects, upload))


async def _finish(group: ShardGroup, objects: Objects, upload: StoredUpload) -> Photo:
    """Make the photo once: the upload's own key makes every further try return the same photo.

    A phone asks again within milliseconds after a cut, while its first call still makes the photo.
    """
    for wait_s in _WAITS_S:
        try:
            return await _make_photo(group, objects, upload)
        except RequestInProgress:
            await asyncio.sleep(wait_s)
            made = await _photo_made_of(group, upload)
            if made is not None:
                return made
    return await _make_photo(group, objects, upload)


async def _make_photo(group: ShardGroup, objects: Objects, upload: StoredUpload) -> Photo:
    keys = await piece_keys(group, upload.id)
    if not keys:
        raise NotFound  # It was deleted just now.
    try:
        photo = await receive_photo(group, objects, _sent(objects, keys, upload))
    except (Invalid, UnsupportedMediaType):
        await objects.delete(await delete_upload(group, upload.id, upload.owner_id))
        raise
    except (NotFound, Unavailable):
        # Another call may have been faster: the pieces go while this one reads them.
        made = await _photo_made_of(group, upload)
        if made is None:
            raise
        return made
    await note_photo(group, upload.id, photo["id"])
    await objects.delete(keys)
    return photo


async def _photo_made_of(group: ShardGroup, upload: StoredUpload) -> Photo | None:
    """The photo, if another call has made it; raises NotFound if the upload was deleted."""
    now = await get_own_upload(group, upload.id, upload.owner_id)
    made = None if now.photo_id is None else await find_photo(group, now.photo_id)
    return None if made is None else photo_of(made)


def _sent(objects: Objects, keys: list[str], upload: StoredUpload) -> SentPicture:
    body = _bytes_of(objects, keys)
    return SentPicture(upload.owner_id, body, f"upload {upload.id}", upload.sha256)


async def _bytes_of(objects: Objects, keys: list[str]) -> AsyncIterator[bytes]:
    for key in keys:
        piece = bytearray()
        await objects.read(key, piece.extend)
        yield bytes(piece)
