"""Relay handlers that tell upload what became of a post's photos."""

from collections.abc import Sequence
from typing import Any

from services.feed.clients.upload import UploadClient
from services.feed.store.posts import bodies_by_ids
from shared.sharding.outbox import OutboxEvent
from shared.sharding.shard_group import ShardGroup

CONFIRM_TOPIC = "photos.confirm"
RELEASE_TOPIC = "photos.release"
DESCRIBED_TOPIC = "photos.described"


def confirmation(
    owner_id: int, photo_ids: Sequence[int], claimant: str, post_id: int
) -> dict[str, Any]:
    """The payload saying that a post with these photos exists."""
    return {**release(owner_id, photo_ids, post_id), "claimant": claimant}


def release(owner_id: int, photo_ids: Sequence[int], post_id: int) -> dict[str, Any]:
    """The payload saying that the photos' post is withdrawn."""
    return {"owner_id": owner_id, "photo_ids": list(photo_ids), "post_id": post_id}


async def confirm_photos(upload: UploadClient, events: Sequence[OutboxEvent]) -> None:
    """Deliver confirmations; an unconfirmed claim expires after ten minutes."""
    for event in events:
        await upload.confirm(event.payload)


async def release_photos(upload: UploadClient, events: Sequence[OutboxEvent]) -> None:
    """Deliver releases: upload then deletes the renditions."""
    for event in events:
        await upload.release(event.payload)


async def describe_photos(
    group: ShardGroup, upload: UploadClient, events: Sequence[OutboxEvent]
) -> None:
    """Send upload the current alt texts of the posts' photos.

    The texts are read at delivery, so a repeated event never restores an older one.
    """
    bodies = await bodies_by_ids(group, [event.payload["post_id"] for event in events])
    for body in bodies.values():
        if body is not None:
            texts = {str(photo["id"]): photo["alt_text"] for photo in body["photos"]}
            await upload.describe(
                {"owner_id": body["author_id"], "post_id": body["id"], "alt_texts": texts}
            )
