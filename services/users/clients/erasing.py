"""Makes feed or upload erase its part of an account, page by page."""

from shared.contracts.accounts import Erased
from shared.service_client.client import ServiceClient

# A page of photos takes some hundred calls to the store.
_TIMEOUT_MS = 15_000


class ErasingClient:
    """The erasing calls to one service."""

    def __init__(self, service: ServiceClient) -> None:
        self._service = service

    async def erase(self, user_id: int) -> bool:
        """Erase a page; True if nothing is left. Repeatable."""
        reply: Erased = await self._service.post(
            f"/accounts/{user_id}/erase", {}, idempotent=True, timeout_ms=_TIMEOUT_MS
        )
        return reply["finished"]
