"""Calls upload about the photos of posts."""

from collections.abc import Mapping, Sequence
from typing import Any

from shared.contracts.photos import ClaimedPhotos, PhotoSnapshot
from shared.service_client.client import ServiceClient

# The public API promises to wait 5 s for photos still being processed.
CLAIM_WAIT_MS = 5_000
_CLAIM_TIMEOUT_MS = CLAIM_WAIT_MS + 2_000


class UploadClient:
    """Feed's calls to upload; each may be repeated."""

    def __init__(self, service: ServiceClient) -> None:
        self._service = service

    async def claim(
        self, photo_ids: Sequence[int], claimant: str, *, owner_id: int
    ) -> list[PhotoSnapshot]:
        """Reserve photos for a post, and return them in the order asked for.

        Raises Conflict with upload's code if one is not ready or in another post, and NotFound if
        one is not the owner's.
        """
        reply: ClaimedPhotos = await self._service.post(
            "/photos/claim",
            {"photo_ids": list(photo_ids), "claimant": claimant, "wait_ms": CLAIM_WAIT_MS},
            viewer_id=owner_id,
            idempotent=True,
            timeout_ms=_CLAIM_TIMEOUT_MS,
        )
        return reply["photos"]

    async def confirm(self, confirmation: Mapping[str, Any]) -> None:
        """Say that the post exists for which the photos were claimed."""
        await self._service.post("/photos/confirm", confirmation, idempotent=True)

    async def describe(self, described: Mapping[str, Any]) -> None:
        """Send the alternative texts that a post's author has changed."""
        await self._service.post("/photos/describe", described, idempotent=True)

    async def release(self, release: Mapping[str, Any]) -> None:
        """Say that the post is withdrawn, so that upload deletes its photos."""
        await self._service.post("/photos/release", release, idempotent=True)
