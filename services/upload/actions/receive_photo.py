"""Receives a picture: bytes into quarantine, then a photo and the job that will process it."""

from collections.abc import AsyncIterator
from typing import cast

from services.upload.actions.photo_steps import timed_step
from services.upload.actions.process_photo import job_for
from services.upload.domain.photos import photo_of
from services.upload.domain.picture_kinds import SNIFFED_BYTES, PictureKind, kind_of
from services.upload.store.objects import Objects, quarantine_key
from services.upload.store.photos import NewPhoto, insert_photo
from services.upload.store.spool import Spool
from shared.contracts.photos import Photo
from shared.errors import TooLarge
from shared.sharding.idempotency import Attempt, IdempotentRequest, begin_once
from shared.sharding.shard_group import ShardGroup

PICTURE_BYTES_MAX = 20_000_000


class PictureTooLarge(TooLarge):
    """More bytes than a picture may have."""

    title = "A picture may have at most 20 MB."


async def receive_photo(
    group: ShardGroup,
    objects: Objects,
    owner_id: int,
    body: AsyncIterator[bytes],
    idempotency_key: str | None,
) -> Photo:
    """The new photo, still processing; with the same key and bytes the same reply again.

    Raises PictureTooLarge, NotAnImage and KindNotTaken as soon as that is known, and
    IdempotencyKeyReused and RequestInProgress once all is there, since the bytes are the body.
    """
    async with Spool() as spool:
        with timed_step("receive"):
            kind = await _gather(body, spool)
        new = NewPhoto(owner_id, kind, spool.sha256, spool.size, quarantine_key(owner_id))
        if idempotency_key is None:
            return await _keep(group, objects, spool, new, None)
        request = IdempotentRequest(
            f"photos/{owner_id}", idempotency_key, spool.sha256, group.shard_of(owner_id)
        )
        async with begin_once(group, request) as attempt:
            if attempt.reply is not None:
                return cast(Photo, attempt.reply)
            return await _keep(group, objects, spool, new, attempt)


async def _gather(body: AsyncIterator[bytes], spool: Spool) -> PictureKind:
    first = b""
    async for chunk in body:
        if len(first) < SNIFFED_BYTES:
            first += chunk[:SNIFFED_BYTES]
            if len(first) >= SNIFFED_BYTES:
                kind_of(first)  # A wrong kind need not be sent to its end.
        if spool.size + len(chunk) > PICTURE_BYTES_MAX:
            raise PictureTooLarge
        await spool.append(chunk)
    return kind_of(first)


async def _keep(
    group: ShardGroup, objects: Objects, spool: Spool, new: NewPhoto, attempt: Attempt | None
) -> Photo:
    # The bytes first: a photo that is acknowledged has them. Should the process end in between,
    # the sweeper finds an original that no photo knows.
    with timed_step("store"):
        await objects.put_file(new.quarantine_key, await spool.rewound(), spool.size)
    with timed_step("commit"):
        async with group.writer(group.shard_of(new.owner_id)) as tx:
            photo = photo_of(await insert_photo(tx, new))
            await tx.enqueue(job_for(new.kind), {"photo_id": photo["id"]})
            if attempt is not None:
                await attempt.finish(tx, dict(photo))
    return photo
