"""A body is forwarded in pieces of a megabyte, including the bytes before a cut."""

from collections.abc import AsyncIterator
from typing import Any, cast

import pytest

from services.gateway.actions.append_pieces import PIECE_BYTES_MAX, append_pieces
from services.gateway.clients.upload import UploadClient
from shared.contracts.photos import Upload
from shared.errors import Conflict


class KeepingUpload:
    """A fake of upload that records the pieces."""

    def __init__(self) -> None:
        self.pieces: list[tuple[int, int]] = []

    async def append(self, upload_id: int, offset: int, content: bytes, **_who: Any) -> Upload:
        if offset != sum(size for _start, size in self.pieces):
            raise Conflict
        self.pieces.append((offset, len(content)))
        done = {"id": upload_id, "offset": offset + len(content), "photo": None}
        return cast(Upload, done)


async def _chunks(*sizes: int) -> AsyncIterator[bytes]:
    for size in sizes:
        yield b"x" * size


async def _append(kept: KeepingUpload, *sizes: int) -> Upload:
    upload = cast(UploadClient, kept)
    return await append_pieces(upload, 7, 0, _chunks(*sizes), viewer_id=1)


async def test_pieces_hold_a_megabyte_and_the_last_one_the_rest() -> None:
    kept = KeepingUpload()
    done = await _append(kept, 700_000, 700_000, 5)
    assert kept.pieces == [(0, PIECE_BYTES_MAX), (PIECE_BYTES_MAX, 1_400_005 - PIECE_BYTES_MAX)]
    assert done["offset"] == 1_400_005


async def test_one_large_chunk_is_divided() -> None:
    kept = KeepingUpload()
    await _append(kept, 3 * PIECE_BYTES_MAX)
    assert [size for _start, size in kept.pieces] == [PIECE_BYTES_MAX] * 3


async def test_an_empty_body_only_checks_the_offset() -> None:
    kept = KeepingUpload()
    await _append(kept)
    assert kept.pieces == [(0, 0)]


async def test_a_refusal_by_upload_ends_the_body() -> None:
    kept = KeepingUpload()
    kept.pieces.append((0, 9))
    with pytest.raises(Conflict):
        await _append(kept, 2 * PIECE_BYTES_MAX)
