"""Receives a picture: bytes go to quarantine, then a photo and its job are written."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import cast

from services.upload.actions.backlog import Backlog
from services.upload.actions.photo_steps import photos_accepted, timed_step
from services.upload.actions.process_photo import job_for
from services.upload.domain.photos import photo_of
from services.upload.domain.picture_kinds import SNIFFED_BYTES, PictureKind, kind_of
from services.upload.store.objects import Objects, quarantine_key
from services.upload.store.photos import NewPhoto, find_twin, insert_photo
from services.upload.store.spool import Spool
from shared.contracts.photos import Photo
from shared.errors import Invalid, NotFound, TooLarge
from shared.sharding.idempotency import Attempt, IdempotentRequest, begin_once
from shared.sharding.shard_group import ShardGroup

PICTURE_BYTES_MAX = 20_000_000


class PictureTooLarge(TooLarge):
    """The picture exceeds the limit of bytes."""

    title = "A picture may have at most 20 MB."


class DigestMismatch(Invalid):
    """The bytes differ from those sent; none of them are kept."""

    code = "digest_mismatch"
    title = "The bytes do not match their digest."


@dataclass(frozen=True, slots=True)
class SentPicture:
    """A picture as it arrives; `sha256` is the sender's digest."""

    owner_id: int
    body: AsyncIterator[bytes]
    idempotency_key: str | None = None
    sha256: bytes | None = None


async def receive_photo(
    group: ShardGroup, objects: Objects, sent: SentPicture, backlog: Backlog | None = None
) -> Photo:
    """The new photo, still processing; the same key and bytes get the same reply again.

    Sent again within a day with its digest, it is the same photo until a post has it. Raises
    PictureTooLarge, NotAnImage, KindNotTaken and QueueIsFull as early as possible. Raises
    DigestMismatch, IdempotencyKeyReused and RequestInProgress only at the end, since the bytes are
    the body; likewise NotFound if the account was deleted meanwhile. Without a backlog the queue is
    not checked: a resumable upload was admitted before.
    """
    owner_id = sent.owner_id
    async with Spool() as spool:
        with timed_step("receive"):
            kind = await _gather(sent, spool, backlog)
        key = quarantine_key(owner_id)
        has_digest = sent.sha256 is not None
        new = NewPhoto(owner_id, kind, spool.sha256, spool.size, key, may_be_twin=has_digest)
        if sent.idempotency_key is None:
            return await _keep(group, objects, spool, new, None)
        request = IdempotentRequest(
            f"photos/{owner_id}", sent.idempotency_key, spool.sha256, group.shard_of(owner_id)
        )
        async with begin_once(group, request) as attempt:
            if attempt.reply is not None:
                return cast(Photo, attempt.reply)
            return await _keep(group, objects, spool, new, attempt)


async def _gather(sent: SentPicture, spool: Spool, backlog: Backlog | None) -> PictureKind:
    first = b""
    kind: PictureKind | None = None
    async for chunk in sent.body:
        if kind is None:
            first += chunk[:SNIFFED_BYTES]
            if len(first) >= SNIFFED_BYTES:
                # A refused picture need not arrive in full.
                kind = await _admitted(first, backlog)
        if spool.size + len(chunk) > PICTURE_BYTES_MAX:
            raise PictureTooLarge
        await spool.append(chunk)
    if sent.sha256 not in (None, spool.sha256):
        raise DigestMismatch
    return kind or await _admitted(first, backlog)


async def _admitted(first: bytes, backlog: Backlog | None) -> PictureKind:
    kind = kind_of(first)
    if backlog is not None:
        await backlog.admit(job_for(kind))
    return kind


async def _keep(
    group: ShardGroup, objects: Objects, spool: Spool, new: NewPhoto, attempt: Attempt | None
) -> Photo:
    # Bytes first: an acknowledged photo always has them. If the process ends in between, the sweep
    # finds an original without a photo.
    with timed_step("store"):
        await objects.put_file(new.quarantine_key, await spool.rewound(), spool.size)
    try:
        with timed_step("commit"):
            photo, is_new = await _commit(group, new, attempt)
    except NotFound:
        # The account was deleted while the picture was on its way.
        await objects.delete([new.quarantine_key])
        raise
    if not is_new:
        await objects.delete([new.quarantine_key])
    return photo


async def _commit(group: ShardGroup, new: NewPhoto, attempt: Attempt | None) -> tuple[Photo, bool]:
    """The photo, and whether it is a new one; raises NotFound for an erased owner."""
    async with group.writer(group.shard_of(new.owner_id)) as tx:
        twin = await find_twin(tx, new) if new.may_be_twin else None
        photo = photo_of(twin or await insert_photo(tx, new))
        if twin is None:
            await tx.enqueue(job_for(new.kind), {"photo_id": photo["id"]})
            tx.count_after_commit(photos_accepted)
        if attempt is not None:
            await attempt.finish(tx, dict(photo))
    return photo, twin is None
