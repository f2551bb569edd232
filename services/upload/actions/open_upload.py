"""Begins a resumable upload."""

from typing import cast

from services.upload.actions.backlog import Backlog
from services.upload.actions.process_photo import PROCESS_JOB
from services.upload.actions.receive_photo import PICTURE_BYTES_MAX, PictureTooLarge
from services.upload.domain.photos import photo_of
from services.upload.domain.uploads import NewUpload, ParkingLimits, upload_of
from services.upload.store.photos import check_owner_has_room, find_photo
from services.upload.store.uploads import find_upload, insert_upload, make_place
from shared.contracts.photos import Upload
from shared.errors import FieldError, Invalid, NotFound
from shared.faults import fault
from shared.http_server.idempotency_key import body_hash
from shared.sharding.idempotency import IdempotentRequest, once
from shared.sharding.shard_group import ShardGroup
from shared.sharding.transaction import Transaction


async def open_upload(
    group: ShardGroup,
    backlog: Backlog,
    new: NewUpload,
    idempotency_key: str | None,
    limits: ParkingLimits,
) -> Upload:
    """The upload; the same key gets the same one again, as it is by now.

    Raises Invalid for an empty length, PictureTooLarge, QueueIsFull, AccountIsFull, DayIsFull and
    TooManyUploads, all before a byte is sent, and NotFound if the key's upload is gone.
    """
    if new.length <= 0:
        raise Invalid(errors=[FieldError("length", fault("too_small", min=1))])
    if new.length > PICTURE_BYTES_MAX:
        raise PictureTooLarge
    # The kind is still unknown; most pictures are of the fast kinds.
    await backlog.admit(PROCESS_JOB)
    shard = group.shard_of(new.owner_id)
    is_new = False

    async def insert(tx: Transaction) -> dict[str, object]:
        nonlocal is_new
        is_new = True
        # Refuse before the bytes travel; the quota is checked again once they are here.
        await check_owner_has_room(tx, new.owner_id)
        await make_place(tx, new, limits)
        return dict(upload_of(await insert_upload(tx, new), None))

    if idempotency_key is None:
        async with group.writer(shard) as tx:
            return cast(Upload, await insert(tx))
    request = IdempotentRequest(
        f"uploads/{new.owner_id}",
        idempotency_key,
        body_hash({"length": new.length, "metadata": new.metadata, "sha256": _hex(new.sha256)}),
        shard,
    )
    upload = cast(Upload, await once(group, request, insert))
    return upload if is_new else await _as_it_is(group, upload, new.owner_id)


async def _as_it_is(group: ShardGroup, recorded: Upload, owner_id: int) -> Upload:
    """The upload with what arrived since its reply was recorded; raises NotFound if it is gone."""
    stored = await find_upload(group, recorded["id"], owner_id)
    if stored is None:
        raise NotFound("The upload of this key is gone; begin one with another key.")
    made = None if stored.photo_id is None else await find_photo(group, stored.photo_id)
    return upload_of(stored, None if made is None else photo_of(made))


def _hex(digest: bytes | None) -> str | None:
    return None if digest is None else digest.hex()
