"""Gives photos to an existing post for good."""

from collections.abc import Sequence

from services.upload.actions.tidy_photo import TIDY_JOB
from services.upload.store.photos import confirm_photos as write_confirmation
from shared.sharding.shard_group import ShardGroup


async def confirm_photos(
    group: ShardGroup,
    owner_id: int,
    photo_ids: Sequence[int],
    claimant: str,
    post_id: int | None,
) -> None:
    """Confirm a claim; repeatable, and allowed to come late.

    Unedited renditions of edited photos go.
    """
    async with group.writer(group.shard_of(owner_id)) as tx:
        for photo_id in await write_confirmation(tx, owner_id, photo_ids, claimant, post_id):
            await tx.enqueue(TIDY_JOB, {"photo_id": photo_id})
