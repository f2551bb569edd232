"""Calls feed, which tells connected clients about photos."""

from shared.contracts.stream import PhotoEnd
from shared.service_client.client import ServiceClient

_TIMEOUT_MS = 1_000


class FeedClient:
    """The calls of upload to feed."""

    def __init__(self, service: ServiceClient) -> None:
        self._service = service

    async def tell_of_photo(self, end: PhotoEnd) -> None:
        """Make feed tell the owner, if connected; repeatable."""
        await self._service.post(
            "/stream/photos", dict(end), idempotent=True, timeout_ms=_TIMEOUT_MS
        )
