"""Begins an upload that may come in pieces."""

from typing import cast

from services.upload.actions.receive_photo import PICTURE_BYTES_MAX, PictureTooLarge
from services.upload.domain.uploads import upload_of
from services.upload.store.photos import check_owner_has_room
from services.upload.store.uploads import insert_upload
from shared.contracts.photos import Upload
from shared.errors import FieldError, Invalid
from shared.sharding.idempotency import IdempotentRequest, once
from shared.sharding.shard_group import ShardGroup
from shared.sharding.transaction import Transaction
from shared.web.idempotency_key import body_hash


async def open_upload(
    group: ShardGroup, owner_id: int, length: int, metadata: str, idempotency_key: str | None
) -> Upload:
    """The upload, with the same key the same one again.

    Raises Invalid for a length of nothing, PictureTooLarge, AccountIsFull and DayIsFull, before a
    byte is sent.
    """
    if length <= 0:
        raise Invalid(errors=[FieldError("length", "A picture has at least one byte.")])
    if length > PICTURE_BYTES_MAX:
        raise PictureTooLarge
    shard = group.shard_of(owner_id)

    async def insert(tx: Transaction) -> dict[str, object]:
        # Told before the bytes travel; when they are here it is asked again.
        await check_owner_has_room(tx, owner_id)
        return dict(upload_of(await insert_upload(tx, owner_id, length, metadata), None))

    if idempotency_key is None:
        async with group.writer(shard) as tx:
            return cast(Upload, await insert(tx))
    request = IdempotentRequest(
        f"uploads/{owner_id}",
        idempotency_key,
        body_hash({"length": length, "metadata": metadata}),
        shard,
    )
    return cast(Upload, await once(group, request, insert))
