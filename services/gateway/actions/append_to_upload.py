"""Appends a request's body to an upload, and drops an upload that nobody can find again."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

from services.gateway.actions.append_pieces import append_pieces
from services.gateway.actions.ask_progress import ask_progress
from services.gateway.clients.upload import UploadClient
from services.gateway.domain.upload_draft import (
    InconsistentLength,
    MismatchingOffset,
    require_consistent,
)
from services.gateway.domain.upload_requests import Addition, Incoming
from shared.contracts.photos import Upload
from shared.deadlines import start_deadline
from shared.errors import AppError, TooLarge, UnsupportedMediaType

_GIVE_UP_MS_MAX = 5_000
# Upload's refusals of the bytes themselves, whoever sends them again.
_NO_PICTURE = {"not_an_image", UnsupportedMediaType.code}


async def append_consistently(
    upload: UploadClient,
    upload_id: int,
    addition: Addition,
    body: Incoming,
    *,
    viewer_id: int,
) -> Upload:
    """Append a body that must agree with what is known of the upload.

    Raises what `require_consistent` raises, and upload's errors about a piece. A body beyond the
    length ends the upload, as the draft demands.
    """
    require_consistent(await ask_progress(upload, upload_id, viewer_id=viewer_id), addition)
    try:
        progress = await append_pieces(
            upload, upload_id, addition.offset, body.chunks(), viewer_id=viewer_id
        )
    except TooLarge as error:
        await _give_up(upload, upload_id, viewer_id)
        raise InconsistentLength from error
    except AppError as error:
        if error.code != MismatchingOffset.code:
            raise
        # Another request was faster.
        now = await ask_progress(upload, upload_id, viewer_id=viewer_id)
        raise MismatchingOffset(now["offset"], addition.offset) from error
    _require_all(progress, body, is_last=addition.is_last)
    return progress


async def append_again(
    upload: UploadClient, upload_id: int, body: Incoming, *, viewer_id: int, is_last: bool
) -> Upload:
    """Append the first bytes of an upload that its key finds; they may be there already.

    If the first try was cut into other pieces, the progress says where to go on. A finished upload
    takes the same picture only. Bytes of no picture end the upload: its sender, who does not know
    its address, could not delete it.
    """
    sha256 = hashlib.sha256()
    chunks = _hashed(body.chunks(), sha256)
    try:
        progress = await append_pieces(
            upload, upload_id, 0, chunks, viewer_id=viewer_id, repeated=True
        )
    except AppError as error:
        if error.code in _NO_PICTURE:
            await _give_up(upload, upload_id, viewer_id)
        if error.code != MismatchingOffset.code:
            raise
        now = await ask_progress(upload, upload_id, viewer_id=viewer_id)
        if now["photo"] is not None:
            async for _chunk in chunks:
                pass
            if sha256.hexdigest() != now["photo"]["sha256"]:
                raise
        return now
    _require_all(progress, body, is_last=is_last)
    return progress


async def append_first(
    upload: UploadClient, upload_id: int, body: Incoming, *, viewer_id: int, is_last: bool
) -> Upload:
    """Append the first bytes of an upload whose address the client does not know yet.

    After a refusal or a cut nobody can find it, and it would count against its owner's limit.
    """
    try:
        progress = await append_pieces(upload, upload_id, 0, body.chunks(), viewer_id=viewer_id)
        _require_all(progress, body, is_last=is_last)
    except AppError:
        await _give_up(upload, upload_id, viewer_id)
        raise
    if body.was_cut and progress["photo"] is None:
        await _give_up(upload, upload_id, viewer_id)
    return progress


async def _hashed(chunks: AsyncIterator[bytes], sha256: Any) -> AsyncIterator[bytes]:
    async for chunk in chunks:
        sha256.update(chunk)
        yield chunk


def _require_all(progress: Upload, body: Incoming, *, is_last: bool) -> None:
    # A body without Content-Length shows its size only at its end.
    if is_last and not body.was_cut and progress["offset"] < progress["length"]:
        raise InconsistentLength


async def _give_up(upload: UploadClient, upload_id: int, viewer_id: int) -> None:
    # The body may have taken longer than the deadline; if this call fails, it gives way later.
    start_deadline(_GIVE_UP_MS_MAX)
    with suppress(AppError):
        await upload.give_up_upload(upload_id, viewer_id=viewer_id)
