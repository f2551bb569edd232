"""Gathers a body while it arrives: first in memory, then in an unnamed file."""

import asyncio
import hashlib
import io
import tempfile
from types import TracebackType
from typing import IO, Self

# Memory held per body being received; a phone's photo is two to four times as large.
_MEMORY_BYTES_MAX = 1024 * 1024


class Spool:
    """The bytes received so far, with their SHA-256; gone when the block ends."""

    def __init__(self) -> None:
        self.size = 0
        self._digest = hashlib.sha256()
        self._waiting = bytearray()
        self._file: IO[bytes] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()

    @property
    def sha256(self) -> bytes:
        """The digest of all bytes received."""
        return self._digest.digest()

    async def append(self, chunk: bytes) -> None:
        """Append bytes; a thread writes them to the file, a megabyte at a time."""
        self.size += len(chunk)
        self._digest.update(chunk)
        self._waiting += chunk
        if len(self._waiting) >= _MEMORY_BYTES_MAX:
            await self._write_out()

    async def rewound(self) -> IO[bytes]:
        """All bytes from the start; the spool keeps ownership of the file."""
        if self._file is None:
            return io.BytesIO(self._waiting)
        await self._write_out()
        self._file.seek(0)
        return self._file

    async def _write_out(self) -> None:
        waiting, self._waiting = self._waiting, bytearray()
        if self._file is None:
            self._file = await asyncio.to_thread(tempfile.TemporaryFile)
        await asyncio.to_thread(_write_all, self._file, waiting)


def _write_all(file: IO[bytes], data: bytearray) -> None:
    file.write(data)
    file.flush()
