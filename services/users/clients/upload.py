"""Calls upload about photos used as avatars."""

from shared.contracts.photos import ClaimedPhotos, PhotoSnapshot
from shared.service_client.client import ServiceClient

# How long an edit of the profile waits for a photo still being processed.
_CLAIM_WAIT_MS = 5_000
_CLAIM_TIMEOUT_MS = _CLAIM_WAIT_MS + 2_000


class UploadClient:
    """The calls of users to upload about avatars; each is repeatable."""

    def __init__(self, service: ServiceClient) -> None:
        self._service = service

    async def claim_avatar(self, owner_id: int, photo_id: int) -> PhotoSnapshot:
        """Reserve a photo as an avatar, for ten minutes unless confirmed.

        Raises NotFound if it is not the owner's. Raises Conflict with upload's code if it is not
        ready, failed or is in a post.
        """
        reply: ClaimedPhotos = await self._service.post(
            "/photos/claim",
            {
                "photo_ids": [photo_id],
                "claimant": _claimant(photo_id),
                "wait_ms": _CLAIM_WAIT_MS,
            },
            viewer_id=owner_id,
            idempotent=True,
            timeout_ms=_CLAIM_TIMEOUT_MS,
        )
        return reply["photos"][0]

    async def confirm_avatar(self, owner_id: int, photo_id: int) -> None:
        """Say that the photo is now the avatar."""
        body = {
            "owner_id": owner_id,
            "photo_ids": [photo_id],
            "claimant": _claimant(photo_id),
        }
        await self._service.post("/photos/confirm", body, idempotent=True)

    async def release_avatar(self, owner_id: int, photo_id: int) -> None:
        """Say that the photo no longer is the avatar, so that upload deletes it."""
        body = {"owner_id": owner_id, "photo_ids": [photo_id]}
        await self._service.post("/photos/release", body, idempotent=True)


def _claimant(photo_id: int) -> str:
    return f"avatar/{photo_id}"
