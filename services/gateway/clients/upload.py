"""Calls upload about photos and resumable uploads."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from services.gateway.clients.patching import PatchingServiceClient, of_versions
from shared.contracts.photos import FilterSamples, NewUpload, Photo, QuotaUse, Upload

# nginx has already buffered the 20 MB of a slow mobile line: this is the internal stretch.
_UPLOAD_TIMEOUT_MS = 30_000
# A megabyte is written to the store; the last piece writes all of them again.
_PIECE_TIMEOUT_MS = 15_000


class UploadClient:
    """The gateway's calls to upload."""

    def __init__(self, service: PatchingServiceClient) -> None:
        self._service = service

    async def send_photo(
        self, chunks: AsyncIterator[bytes], headers: Mapping[str, str], *, viewer_id: int
    ) -> Photo:
        """Stream a request body; `headers` hold its type, length and key."""
        reply: Photo = await self._service.post_stream(
            "/photos", chunks, headers=headers, viewer_id=viewer_id, timeout_ms=_UPLOAD_TIMEOUT_MS
        )
        return reply

    async def quota(self, *, viewer_id: int) -> QuotaUse:
        """The viewer's quota and its use."""
        reply: QuotaUse = await self._service.get("/quota", viewer_id=viewer_id)
        return reply

    async def open_upload(self, new: NewUpload, idempotency_key: str, *, viewer_id: int) -> Upload:
        """Begin an upload; raises TooLarge and Invalid."""
        reply: Upload = await self._service.post(
            "/uploads",
            new,
            viewer_id=viewer_id,
            idempotency_key=idempotency_key,
        )
        return reply

    async def upload(self, upload_id: int, *, viewer_id: int) -> Upload:
        """The progress of an own upload; raises NotFound."""
        reply: Upload = await self._service.get(
            f"/uploads/{upload_id}", viewer_id=viewer_id, timeout_ms=_PIECE_TIMEOUT_MS
        )
        return reply

    async def append(
        self, upload_id: int, offset: int, content: bytes, *, viewer_id: int, repeated: bool
    ) -> Upload:
        """Append a piece; raises NotFound, Conflict (`offset_mismatch`), Invalid and TooLarge.

        If it is `repeated`, the same bytes may be there already.
        """
        reply: Upload = await self._service.post_bytes(
            f"/uploads/{upload_id}/pieces?offset={offset}",
            content,
            viewer_id=viewer_id,
            repeated=repeated,
            timeout_ms=_PIECE_TIMEOUT_MS,
        )
        return reply

    async def give_up_upload(self, upload_id: int, *, viewer_id: int) -> None:
        """Delete an own upload, if it still exists."""
        await self._service.delete(f"/uploads/{upload_id}", viewer_id=viewer_id)

    async def photo(self, photo_id: int, *, viewer_id: int) -> Photo:
        """An own photo; raises NotFound for another's."""
        reply: Photo = await self._service.get(f"/photos/{photo_id}", viewer_id=viewer_id)
        return reply

    async def edit_photo(
        self,
        photo_id: int,
        change: Mapping[str, Any],
        *,
        viewer_id: int,
        versions: Sequence[int] | None = None,
    ) -> Photo:
        """Edit an own photo; raises NotFound, Invalid, and Conflict once it is published.

        Raises PreconditionFailed for another version, before Conflict.
        """
        reply: Photo = await self._service.patch(
            f"/photos/{photo_id}", change, viewer_id=viewer_id, versions=versions
        )
        return reply

    async def filters(self) -> FilterSamples:
        """The filters and their samples."""
        reply: FilterSamples = await self._service.get("/filters")
        return reply

    async def delete_photo(
        self, photo_id: int, *, viewer_id: int, versions: Sequence[int] | None = None
    ) -> None:
        """Delete an own photo; raises the errors of `edit_photo`, except Invalid."""
        path = of_versions(f"/photos/{photo_id}", versions)
        await self._service.delete(path, viewer_id=viewer_id)
