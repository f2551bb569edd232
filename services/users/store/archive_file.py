"""The zip of an account's documents, written to an unnamed temporary file."""

import asyncio
import os
import tempfile
import zipfile
from collections.abc import AsyncIterator, Sequence
from types import TracebackType
from typing import IO, Any, Self

import orjson

from shared.export_dialect import exported

_CHUNK_BYTES = 256 * 1024
_SEPARATOR = b",\n"


class ArchiveFile:
    """Documents, each a JSON array in the public API's dialect.

    All items of a document must come consecutively, in any number of calls.
    """

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by the block
        self._zip = zipfile.ZipFile(self._file, "w", zipfile.ZIP_DEFLATED)
        self._document = ""
        self._entry: IO[bytes] | None = None
        self._is_empty = True

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        if self._entry is not None:
            self._entry.close()
        self._zip.close()
        self._file.close()

    async def add(self, document: str, items: Sequence[Any]) -> None:
        """Add items to the current document or to a new one."""
        await asyncio.to_thread(self._add, document, items)

    async def add_text(self, name: str, text: str) -> None:
        """Add a text file; it ends the current document."""
        await asyncio.to_thread(self._add_text, name, text)

    async def finish(self) -> int:
        """Finish the zip and return its size in bytes."""
        await asyncio.to_thread(self._finish)
        return self._file.seek(0, os.SEEK_END)

    async def chunks(self) -> AsyncIterator[bytes]:
        """The finished zip from its start."""
        self._file.seek(0)
        while chunk := await asyncio.to_thread(self._file.read, _CHUNK_BYTES):
            yield chunk

    def _add(self, document: str, items: Sequence[Any]) -> None:
        if self._entry is None or document != self._document:
            self._end_document()
            self._document, self._is_empty = document, True
            self._entry = self._zip.open(f"{document}.json", "w")
            self._entry.write(b"[")
        for item in items:
            self._entry.write(
                (b"" if self._is_empty else _SEPARATOR) + orjson.dumps(exported(item))
            )
            self._is_empty = False

    def _add_text(self, name: str, text: str) -> None:
        self._end_document()
        self._zip.writestr(name, text.encode())

    def _end_document(self) -> None:
        if self._entry is not None:
            self._entry.write(b"]")
            self._entry.close()
            self._entry = None

    def _finish(self) -> None:
        self._end_document()
        self._zip.close()
