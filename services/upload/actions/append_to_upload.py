"""Appends bytes to an upload at their offset; they are durable when acknowledged."""

import hashlib
import io
from dataclasses import dataclass

from services.upload.actions.finish_upload import get_own_upload, progress_of
from services.upload.actions.receive_photo import PictureTooLarge
from services.upload.domain.picture_kinds import SNIFFED_BYTES, kind_of
from services.upload.domain.uploads import (
    PIECES_MAX,
    OffsetMismatch,
    OpenUpload,
    StoredUpload,
    TooManyPieces,
)
from services.upload.store.objects import Objects, piece_key
from services.upload.store.uploads import Piece, append_piece, count_pieces, has_piece
from services.upload.store.uploads_under_way import PIECES, UploadsUnderWay
from shared.contracts.photos import Upload
from shared.sharding.shard_group import ShardGroup


@dataclass(frozen=True, slots=True)
class SentPiece:
    """Bytes from a sender, at the offset where their upload should continue.

    `is_repeated` if the same call may have had its effect before.
    """

    owner_id: int
    upload_id: int
    start: int
    content: bytes
    is_repeated: bool = False


async def append_to_upload(
    group: ShardGroup, objects: Objects, under_way: UploadsUnderWay, sent: SentPiece
) -> Upload:
    """Append a piece and return the progress; the last bytes turn the upload into a photo.

    A repeated call gets the same answer for the same bytes. Raises NotFound, OffsetMismatch,
    PictureTooLarge and TooManyPieces, and what `receive_photo` raises for bytes that are no
    picture.
    """
    known = await under_way.find(sent.owner_id, sent.upload_id)
    if known is not None and known.takes(sent.start, len(sent.content)):
        moved = await _keep(group, objects, sent)
        if moved is not None:
            PIECES.labels("redis").inc()
            await _note(under_way, moved, known.pieces + 1)
            return await progress_of(group, objects, moved)
        # Redis was behind, so Postgres decides the outcome.
        await under_way.forget(sent.owner_id, sent.upload_id)
    PIECES.labels("postgres").inc()
    return await _append_as_stored(group, objects, under_way, sent)


async def _append_as_stored(
    group: ShardGroup, objects: Objects, under_way: UploadsUnderWay, sent: SentPiece
) -> Upload:
    upload = await get_own_upload(group, sent.upload_id, sent.owner_id)
    if sent.start != upload.received:
        if not sent.is_repeated or not await _was_appended(group, upload.id, sent):
            raise OffsetMismatch
        return await progress_of(group, objects, upload)
    if not sent.content:
        return await progress_of(group, objects, upload)
    _require_fit(upload, sent)
    pieces = await count_pieces(group, upload.id)
    if pieces >= PIECES_MAX:
        raise TooManyPieces
    moved = await _keep(group, objects, sent)
    if moved is None:
        # Another call was faster; it may have deleted the upload.
        await get_own_upload(group, sent.upload_id, sent.owner_id)
        raise OffsetMismatch
    await _note(under_way, moved, pieces + 1)
    return await progress_of(group, objects, moved)


async def _was_appended(group: ShardGroup, upload_id: int, sent: SentPiece) -> bool:
    sha256 = hashlib.sha256(sent.content).digest()
    return await has_piece(group, upload_id, sent.start, sha256)


def _require_fit(upload: StoredUpload, sent: SentPiece) -> None:
    size = len(sent.content)
    if sent.start + size > upload.length:
        raise PictureTooLarge("These are more bytes than the announced length.")
    if sent.start == 0 and size >= min(SNIFFED_BYTES, upload.length):
        kind_of(sent.content[:SNIFFED_BYTES])  # A wrong kind need not arrive in full.


async def _keep(group: ShardGroup, objects: Objects, sent: SentPiece) -> StoredUpload | None:
    """The upload with these bytes; if it has another offset, None, and nothing is kept."""
    size, sha256 = len(sent.content), hashlib.sha256(sent.content).digest()
    piece = Piece(sent.upload_id, sent.start, size, sha256, piece_key(sent.owner_id))
    await objects.put_file(piece.key, io.BytesIO(sent.content), piece.size)
    async with group.writer(group.shard_of(piece.upload_id)) as tx:
        moved = await append_piece(tx, piece)
    if moved is None:
        await objects.delete([piece.key])  # The object belongs to nothing.
    return moved


async def _note(under_way: UploadsUnderWay, moved: StoredUpload, pieces: int) -> None:
    if moved.is_whole:
        await under_way.forget(moved.owner_id, moved.id)
        return
    await under_way.keep(OpenUpload(moved.owner_id, moved.id, moved.length, moved.received, pieces))
