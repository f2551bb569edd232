"""The body of a request that goes on with an upload, as far as it comes."""

import asyncio
import tempfile
from collections.abc import AsyncIterator

from fastapi import Request
from starlette.requests import ClientDisconnect

from services.gateway.domain.tus import Checksum, ChecksumMismatch

_MEMORY_BYTES_MAX = 1024 * 1024
_CHUNK_BYTES = 256 * 1024


async def chunks_until_cut(request: Request) -> AsyncIterator[bytes]:
    """The body as it arrives; a cut is its end, for what came before it is kept."""
    try:
        async for chunk in request.stream():
            yield chunk
    except ClientDisconnect:
        return


async def checked_chunks(request: Request, checksum: Checksum) -> AsyncIterator[bytes]:
    """The body when all of it is here and has the checksum; raises ChecksumMismatch.

    It waits in an unnamed file, so that nothing is appended that must be taken back.
    """
    hasher = checksum.hasher()
    with tempfile.SpooledTemporaryFile(max_size=_MEMORY_BYTES_MAX) as spool:
        async for chunk in chunks_until_cut(request):
            hasher.update(chunk)
            await asyncio.to_thread(spool.write, chunk)
        if hasher.digest() != checksum.digest:
            raise ChecksumMismatch
        spool.seek(0)
        while piece := await asyncio.to_thread(spool.read, _CHUNK_BYTES):
            yield piece
