"""Reserves photos for a post, and waits shortly for those still being processed."""

import asyncio
import time
from collections.abc import Sequence

from services.upload.domain.photos import check_claimable, snapshot_of
from services.upload.store.photos import claim_photos as write_claim
from services.upload.store.photos import count_processing, lock_own_photos
from shared.contracts.photos import ClaimedPhotos
from shared.deadlines import remaining_ms
from shared.errors import FieldError, NotFound
from shared.faults import fault
from shared.sharding.shard_group import ShardGroup

WAIT_MS_MAX = 10_000
# Reserved for the claim itself and the reply, within the caller's deadline.
_RESERVE_MS = 500
# Processing takes a few tenths of a second: poll often at first, then less.
_LOOK_AGAIN_S = 0.03
_LOOK_AGAIN_S_MAX = 0.25


async def claim_photos(
    group: ShardGroup, owner_id: int, photo_ids: Sequence[int], claimant: str, wait_ms: int
) -> ClaimedPhotos:
    """Snapshots in the order asked for; all photos or none. The same claimant may repeat it.

    Raises NotFound for a photo that is not the owner's. Raises PhotoNotReady if one is still
    processing after `wait_ms`, PhotoUnusable and PhotoAlreadyPublished.
    """
    shard = group.shard_of(owner_id)
    if any(group.shard_of(photo_id) != shard for photo_id in photo_ids):
        raise _no_such([one for one in photo_ids if group.shard_of(one) != shard], photo_ids)
    await wait_until_processed(group, owner_id, photo_ids, wait_ms)
    async with group.writer(shard) as tx:
        photos = await lock_own_photos(tx, owner_id, photo_ids)
        if len(photos) < len(set(photo_ids)):
            raise _no_such([one for one in photo_ids if one not in photos], photo_ids)
        for photo in photos.values():
            check_claimable(photo, claimant)
        snapshots = [snapshot_of(photos[photo_id]) for photo_id in photo_ids]
        await write_claim(tx, photo_ids, claimant)
    return {"photos": snapshots}


def _no_such(missing: Sequence[int], photo_ids: Sequence[int]) -> NotFound:
    """An error that names each missing id and its position in the list."""
    return NotFound(
        f"You have no photo {', '.join(map(str, missing))}.",
        errors=[
            FieldError(f"photo_ids.{photo_ids.index(one)}", fault("no_such_photo", id=one))
            for one in missing
        ],
    )


async def wait_until_processed(
    group: ShardGroup, owner_id: int, photo_ids: Sequence[int], wait_ms: int
) -> None:
    """Return once no photo is being processed, or when the allowed time is over."""
    allowed_ms: float = min(wait_ms, WAIT_MS_MAX)
    left_ms = remaining_ms()
    if left_ms is not None:
        allowed_ms = min(allowed_ms, left_ms - _RESERVE_MS)
    give_up_s = time.monotonic() + allowed_ms / 1000
    pause_s = _LOOK_AGAIN_S
    while await count_processing(group, owner_id, photo_ids):
        if time.monotonic() + pause_s >= give_up_s:
            return
        await asyncio.sleep(pause_s)
        pause_s = min(pause_s * 1.5, _LOOK_AGAIN_S_MAX)
