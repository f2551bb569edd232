"""Reads what feed holds of an account, page by page."""

from collections.abc import AsyncIterator

from shared.contracts.accounts import ExportPage
from shared.service_client.client import ServiceClient

_TIMEOUT_MS = 10_000


class ExportingClient:
    """The exporting calls to one service."""

    def __init__(self, service: ServiceClient) -> None:
        self._service = service

    async def pages(self, user_id: int) -> AsyncIterator[ExportPage]:
        """All pages; those of one document are consecutive."""
        cursor: str | None = None
        while True:
            reply: ExportPage = await self._service.get(
                f"/accounts/{user_id}/export", params={"cursor": cursor}, timeout_ms=_TIMEOUT_MS
            )
            page = reply
            yield page
            cursor = page["next_cursor"]
            if cursor is None:
                return
