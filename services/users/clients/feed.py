"""Tells feed of every graph change that timelines depend on."""

from shared.contracts.people import GraphEvent
from shared.service_client.client import ServiceClient

# A batch of unfollows drops as many timelines.
_TIMEOUT_MS = 10_000


class FeedClient:
    """The calls of users to feed."""

    def __init__(self, service: ServiceClient) -> None:
        self._service = service

    async def post_events(self, events: list[GraphEvent]) -> None:
        """Deliver events; repeatable."""
        await self._service.post(
            "/events", {"events": events}, idempotent=True, timeout_ms=_TIMEOUT_MS
        )
