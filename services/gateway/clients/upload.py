"""upload.internal: photos before they are published."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from services.gateway.clients.patching import PatchingServiceClient, of_versions
from shared.contracts.photos import FilterSamples, NewUpload, Photo, QuotaUse, Upload

# 20 MB over a slow mobile line have been gathered by nginx before: this is the inner stretch.
_UPLOAD_TIMEOUT_MS = 30_000
# A megabyte into the store; with the last one, all of them once more.
_PIECE_TIMEOUT_MS = 15_000


class UploadClient:
    """The calls of the gateway to upload."""

    def __init__(self, service: PatchingServiceClient) -> None:
        self._service = service

    async def send_photo(
        self, chunks: AsyncIterator[bytes], headers: Mapping[str, str], *, viewer_id: int
    ) -> Photo:
        """Pass a request body on as it comes; `headers` name its type, length and key."""
        reply: Photo = await self._service.post_stream(
            "/photos", chunks, headers=headers, viewer_id=viewer_id, timeout_ms=_UPLOAD_TIMEOUT_MS
        )
        return reply

    async def quota(self, *, viewer_id: int) -> QuotaUse:
        """How much of the own quota is used."""
        reply: QuotaUse = await self._service.get("/quota", viewer_id=viewer_id)
        return reply

    async def open_upload(self, new: NewUpload, idempotency_key: str, *, viewer_id: int) -> Upload:
        """Begin an upload of so many bytes; raises TooLarge and Invalid."""
        reply: Upload = await self._service.post(
            "/uploads",
            new,
            viewer_id=viewer_id,
            idempotency_key=idempotency_key,
        )
        return reply

    async def upload(self, upload_id: int, *, viewer_id: int) -> Upload:
        """How far an own upload is; raises NotFound."""
        reply: Upload = await self._service.get(
            f"/uploads/{upload_id}", viewer_id=viewer_id, timeout_ms=_PIECE_TIMEOUT_MS
        )
        return reply

    async def append(
        self, upload_id: int, offset: int, content: bytes, *, viewer_id: int
    ) -> Upload:
        """Append a piece; raises NotFound, Conflict (`offset_mismatch`), Invalid and TooLarge."""
        reply: Upload = await self._service.post_bytes(
            f"/uploads/{upload_id}/pieces?offset={offset}",
            content,
            viewer_id=viewer_id,
            timeout_ms=_PIECE_TIMEOUT_MS,
        )
        return reply

    async def give_up_upload(self, upload_id: int, *, viewer_id: int) -> None:
        """Forget an own upload; one that is gone is fine."""
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
        """Change an own photo; raises NotFound, Invalid, and Conflict once it is published.

        Raises PreconditionFailed by version, before Conflict.
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
        """Delete an own photo; raises as changing it does."""
        path = of_versions(f"/photos/{photo_id}", versions)
        await self._service.delete(path, viewer_id=viewer_id)
