"""Hands archives of accounts to upload, which keeps them and adds the photos."""

from collections.abc import AsyncIterator

from shared.contracts.accounts import Archive
from shared.errors import NotFound
from shared.service_client.client import ServiceClient

_HAND_IN_TIMEOUT_MS = 60_000


class ArchivesClient:
    """Archives of accounts, each identified by its owner and its own id."""

    def __init__(self, service: ServiceClient) -> None:
        self._service = service

    async def hand_in(
        self, owner_id: int, archive_id: int, chunks: AsyncIterator[bytes], size: int
    ) -> None:
        """Hand in a zip of documents; repeatable."""
        await self._service.post_stream(
            f"/archives?owner_id={owner_id}&archive_id={archive_id}",
            chunks,
            {"Content-Type": "application/zip", "Content-Length": str(size)},
            timeout_ms=_HAND_IN_TIMEOUT_MS,
        )

    async def find(self, owner_id: int, archive_id: int) -> Archive | None:
        """The archive's state; None if it is not there, or has expired."""
        params = {"owner_id": owner_id, "archive_id": archive_id}
        try:
            reply: Archive = await self._service.get("/archives", params=params)
            return reply
        except NotFound:
            return None
