"""Appends bytes to an upload: durable when acknowledged, at their offset or not at all."""

import hashlib
import io

from services.upload.actions.finish_upload import get_own_upload, progress_of
from services.upload.actions.receive_photo import PictureTooLarge
from services.upload.domain.picture_kinds import SNIFFED_BYTES, kind_of
from services.upload.domain.uploads import (
    PIECES_MAX,
    OffsetMismatch,
    StoredUpload,
    TooManyPieces,
)
from services.upload.store.objects import Objects, piece_key
from services.upload.store.uploads import Piece, append_piece, count_pieces, has_piece
from shared.contracts.photos import Upload
from shared.sharding.shard_group import ShardGroup


async def append_to_upload(
    group: ShardGroup,
    objects: Objects,
    owner_id: int,
    upload_id: int,
    start: int,
    content: bytes,
) -> Upload:
    """How far the upload is then; with the last bytes it becomes a photo.

    The same bytes at the same place again give the same answer, so a call may be repeated. Raises
    NotFound, OffsetMismatch, PictureTooLarge, TooManyPieces, and what `receive_photo` raises once
    the bytes are seen to be no picture.
    """
    upload = await get_own_upload(group, upload_id, owner_id)
    sha256 = hashlib.sha256(content).digest()
    if start != upload.received:
        if not content or not await _was_appended(group, upload, start, sha256):
            raise OffsetMismatch
        return await progress_of(group, objects, upload)
    if not content:
        return await progress_of(group, objects, upload)
    if start + len(content) > upload.length:
        raise PictureTooLarge("More bytes than the upload was to have.")
    if start == 0 and len(content) >= min(SNIFFED_BYTES, upload.length):
        kind_of(content[:SNIFFED_BYTES])  # A wrong kind need not be sent to its end.
    if await count_pieces(group, upload_id) >= PIECES_MAX:
        raise TooManyPieces
    piece = Piece(upload_id, start, len(content), sha256, piece_key(owner_id))
    moved = await _keep(group, objects, piece, content)
    return await progress_of(group, objects, moved)


async def _was_appended(group: ShardGroup, upload: StoredUpload, start: int, sha256: bytes) -> bool:
    # Of one that is a photo the pieces are gone: whoever repeats its last bytes is told of it.
    return upload.photo_id is not None or await has_piece(group, upload.id, start, sha256)


async def _keep(group: ShardGroup, objects: Objects, piece: Piece, content: bytes) -> StoredUpload:
    await objects.put_file(piece.key, io.BytesIO(content), piece.size)
    async with group.writer(group.shard_of(piece.upload_id)) as tx:
        moved = await append_piece(tx, piece)
    if moved is None:
        # Somebody else was faster here, and this object belongs to nothing.
        await objects.delete([piece.key])
        raise OffsetMismatch
    return moved
