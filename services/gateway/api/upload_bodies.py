"""Reads the body of an upload request, even if the connection is cut."""

import asyncio
import tempfile
from collections.abc import AsyncIterator

from fastapi import Request
from starlette.requests import ClientDisconnect

from services.gateway.domain.tus import Checksum, ChecksumMismatch

_MEMORY_BYTES_MAX = 1024 * 1024
_CHUNK_BYTES = 256 * 1024


async def chunks_until_cut(request: Request) -> AsyncIterator[bytes]:
    """The body as it arrives; a cut ends it, and the bytes before count."""
    try:
        async for chunk in request.stream():
            yield chunk
    except ClientDisconnect:
        return


async def checked_chunks(request: Request, checksum: Checksum) -> AsyncIterator[bytes]:
    """The body, once all of it is here and matches the checksum; raises ChecksumMismatch.

    It waits in an unnamed temporary file, because appended bytes cannot be taken back.
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
