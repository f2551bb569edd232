"""Forwards an upload's body in pieces; each is durable before the next is read."""

import time
from collections.abc import AsyncIterator

from services.gateway.clients.upload import UploadClient
from shared.contracts.photos import Upload
from shared.deadlines import start_deadline

PIECE_BYTES_MAX = 1024 * 1024
# Bytes of a slow phone wait here at most this long, so that a cut loses little.
_HELD_SECONDS_MAX = 5.0
# The body may take minutes; each piece may not.
_PIECE_MS_MAX = 20_000


async def append_pieces(
    upload: UploadClient,
    upload_id: int,
    offset: int,
    chunks: AsyncIterator[bytes],
    *,
    viewer_id: int,
    repeated: bool = False,
) -> Upload:
    """Forward all chunks, and return the upload's progress when they end for any reason.

    It holds at most a megabyte in memory. Upload's errors about a piece pass through. If the body
    may be `repeated`, pieces that are there already are no error.
    """
    waiting = bytearray()
    since_s = time.monotonic()
    progress: Upload | None = None

    async def pass_on(size: int) -> Upload:
        nonlocal offset, since_s
        start_deadline(_PIECE_MS_MAX)
        done = await upload.append(
            upload_id, offset, bytes(waiting[:size]), viewer_id=viewer_id, repeated=repeated
        )
        del waiting[:size]
        offset, since_s = offset + size, time.monotonic()
        return done

    async for chunk in chunks:
        waiting += chunk
        while len(waiting) >= PIECE_BYTES_MAX:
            progress = await pass_on(PIECE_BYTES_MAX)
        if waiting and time.monotonic() - since_s >= _HELD_SECONDS_MAX:
            progress = await pass_on(len(waiting))
    if waiting or progress is None:
        progress = await pass_on(len(waiting))
    return progress
