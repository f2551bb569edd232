"""Takes away what nobody will ask for again: abandoned uploads, photos in no post, orphans."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from services.upload.actions.find_orphans import find_orphans
from services.upload.actions.release_photos import release_unattached_photos
from services.upload.store.objects import ARCHIVES, QUARANTINE, RENDITIONS, Objects
from services.upload.store.photos import unattached_photos
from services.upload.store.uploads import count_abandoned, delete_abandoned
from shared.errors import Unavailable
from shared.ids import first_id_at
from shared.logs import get_logger
from shared.sharding.shard_group import ShardGroup
from shared.streams.pauses import pause

# A receipt in progress lasts a minute at most; the rest is for clocks that differ.
ORPHAN_AGE = timedelta(hours=1)
# Whoever has not published a photo by then has thought better of it.
UNATTACHED_AGE = timedelta(hours=24)

_PAGE_MAX = 500
_SWEEP_SECONDS = 900.0

log = get_logger()


@dataclass(frozen=True, slots=True)
class Swept:
    """How many there were of each."""

    uploads: int
    photos: int
    orphans: int

    def __bool__(self) -> bool:
        return bool(self.uploads or self.photos or self.orphans)


async def sweep_store(
    group: ShardGroup,
    objects: Objects,
    now: datetime,
    *,
    prefixes: Sequence[str] = (QUARANTINE, RENDITIONS, ARCHIVES),
    is_dry: bool = False,
) -> Swept:
    """May be cut short and repeated. A dry run counts and takes nothing away."""
    uploads = photos = orphans = 0
    for shard in group.shards():
        uploads += await _sweep_uploads(group, shard, is_dry=is_dry)
        photos += await _sweep_photos(group, shard, now, is_dry=is_dry)
    for prefix in prefixes:
        async for keys in find_orphans(group, objects, prefix, now - ORPHAN_AGE):
            orphans += len(keys)
            if not is_dry:
                await objects.delete(keys)
    return Swept(uploads, photos, orphans)


async def keep_store_swept(group: ShardGroup, objects: Objects, stop: asyncio.Event) -> None:
    """Sweep four times an hour until `stop` is set.

    Only quarantine is looked through: it is small, and orphans elsewhere come of faults alone.
    """
    while not stop.is_set():
        try:
            swept = await sweep_store(group, objects, datetime.now(UTC), prefixes=[QUARANTINE])
            if swept:
                log.info(
                    "store_swept",
                    uploads=swept.uploads,
                    photos=swept.photos,
                    orphans=swept.orphans,
                )
        except Unavailable as error:
            # Nobody loses anything: it lies a quarter of an hour longer.
            log.warning("store_not_swept", reason=error.detail)
        await pause(stop, _SWEEP_SECONDS)


async def _sweep_uploads(group: ShardGroup, shard: int, *, is_dry: bool) -> int:
    """Their pieces are then known to nothing, and go with the orphans."""
    if is_dry:
        return await count_abandoned(group, shard)
    swept = 0
    while found := await delete_abandoned(group, shard, _PAGE_MAX):
        swept += found
    return swept


async def _sweep_photos(group: ShardGroup, shard: int, now: datetime, *, is_dry: bool) -> int:
    before = first_id_at(int((now - UNATTACHED_AGE).timestamp() * 1000))
    swept = after = 0
    while page := await unattached_photos(
        group, shard, before=before, after=after, limit=_PAGE_MAX
    ):
        if not is_dry:
            await release_unattached_photos(group, shard, page)
        swept += len(page)
        after = page[-1]
    return swept
