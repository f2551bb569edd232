"""upload.internal: photos before they are published."""

from collections.abc import AsyncIterator, Mapping
from typing import cast

from shared.contracts.photos import Photo
from shared.web.service_client import ServiceClient

# 20 MB over a slow mobile line have been gathered by nginx before: this is the inner stretch.
_UPLOAD_TIMEOUT_MS = 30_000


class UploadClient:
    """The calls of the gateway to upload."""

    def __init__(self, service: ServiceClient) -> None:
        self._service = service

    async def send_photo(
        self, chunks: AsyncIterator[bytes], headers: Mapping[str, str], *, viewer_id: int
    ) -> Photo:
        """Pass a request body on as it comes; `headers` name its type, length and key."""
        reply = await self._service.post_stream(
            "/photos", chunks, headers=headers, viewer_id=viewer_id, timeout_ms=_UPLOAD_TIMEOUT_MS
        )
        return cast(Photo, reply)

    async def photo(self, photo_id: int, *, viewer_id: int) -> Photo:
        """An own photo; raises NotFound for another's."""
        return cast(Photo, await self._service.get(f"/photos/{photo_id}", viewer_id=viewer_id))
