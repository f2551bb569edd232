"""Reads the body of an upload request, even if the connection is cut."""

import asyncio
import hashlib
import tempfile
from collections.abc import AsyncIterator

from fastapi import Request
from starlette.requests import ClientDisconnect

from services.gateway.domain.upload_requests import Checksum, ChecksumMismatch
from shared.errors import AppError
from shared.http_server.repr_digest import sha256_in

_MEMORY_BYTES_MAX = 1024 * 1024
_CHUNK_BYTES = 256 * 1024
_DIGEST_HEADER = "Content-Digest"


class ContentDigestMismatch(AppError):
    """The body differs from its Content-Digest; nothing of it is kept."""

    status = 422
    code = "digest_mismatch"
    title = "The bytes do not match their digest."


class UploadBody:
    """The body of a request that brings bytes; a cut ends it, and the bytes before count."""

    def __init__(self, request: Request, checksum: Checksum | None) -> None:
        """Raise BadRequest for a malformed Content-Digest."""
        self.was_cut = False
        self._request = request
        self._checksum = checksum
        said = request.headers.getlist(_DIGEST_HEADER)
        self._sha256 = sha256_in(", ".join(said) if said else None, _DIGEST_HEADER)

    def chunks(self) -> AsyncIterator[bytes]:
        """The body as it arrives, or once all of it is here if the client sent a checksum.

        Raises ChecksumMismatch and ContentDigestMismatch.
        """
        if self._checksum is None and self._sha256 is None:
            return self.arriving()
        return self._checked()

    async def arriving(self) -> AsyncIterator[bytes]:
        """The body as it arrives."""
        try:
            async for chunk in self._request.stream():
                yield chunk
        except ClientDisconnect:
            self.was_cut = True

    async def _checked(self) -> AsyncIterator[bytes]:
        # It waits in an unnamed temporary file, because appended bytes cannot be taken back.
        hashers = [hashlib.sha256()]
        if self._checksum is not None:
            hashers.append(self._checksum.hasher())
        with tempfile.SpooledTemporaryFile(max_size=_MEMORY_BYTES_MAX) as spool:
            async for chunk in self.arriving():
                for hasher in hashers:
                    hasher.update(chunk)
                await asyncio.to_thread(spool.write, chunk)
            if self._checksum is not None and hashers[-1].digest() != self._checksum.digest:
                raise ChecksumMismatch
            if self._sha256 not in {None, hashers[0].digest()}:
                raise ContentDigestMismatch
            spool.seek(0)
            while piece := await asyncio.to_thread(spool.read, _CHUNK_BYTES):
                yield piece
