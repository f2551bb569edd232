"""upload.internal: the photos that posts are made of."""

from collections.abc import Mapping, Sequence
from typing import Any

from shared.contracts.photos import ClaimedPhotos, PhotoSnapshot
from shared.service_client.client import ServiceClient

# How long a publication waits for photos that are still being processed (the public API's 5 s).
CLAIM_WAIT_MS = 5_000
_CLAIM_TIMEOUT_MS = CLAIM_WAIT_MS + 2_000


class UploadClient:
    """The calls of feed to upload; each may be repeated."""

    def __init__(self, service: ServiceClient) -> None:
        self._service = service

    async def claim(
        self, photo_ids: Sequence[int], claimant: str, *, owner_id: int
    ) -> list[PhotoSnapshot]:
        """Reserve photos for a post, in the order asked for.

        Raises Conflict with upload's code while one is not ready or if another post has it, and
        NotFound for one that is not the owner's.
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
        """Say that the post they were claimed for is there."""
        await self._service.post("/photos/confirm", confirmation, idempotent=True)

    async def describe(self, described: Mapping[str, Any]) -> None:
        """Say what the photos of a post show, since its author has said so anew."""
        await self._service.post("/photos/describe", described, idempotent=True)

    async def release(self, release: Mapping[str, Any]) -> None:
        """Say that their post is gone: so shall they."""
        await self._service.post("/photos/release", release, idempotent=True)
