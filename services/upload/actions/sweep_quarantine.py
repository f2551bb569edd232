"""Deletes what lies in quarantine and belongs to nothing, after uploads that were given up.

An original that no photo knows was left by a process that ended between store and commit.
"""

import asyncio
from collections import defaultdict
from datetime import UTC, datetime, timedelta

from services.upload.store.objects import ListedOriginal, Objects
from services.upload.store.photos import quarantine_keys_in_use
from services.upload.store.uploads import delete_abandoned
from shared.errors import Unavailable
from shared.logs import get_logger
from shared.sharding.shard_group import ShardGroup
from shared.streams.pauses import pause

# A receipt in progress lasts a minute at most; the rest is for clocks that differ.
ORPHAN_AGE = timedelta(hours=1)
_PAGE_ORIGINALS = 500
_PAGE_UPLOADS = 500
_SWEEP_SECONDS = 900.0

log = get_logger()


async def sweep_quarantine(group: ShardGroup, objects: Objects, older_than: datetime) -> int:
    """Delete originals from before `older_than` that belong to no photo; how many there were."""
    swept = 0
    after: str | None = ""
    while after is not None:
        listed, after = await objects.page_of_originals(after, _PAGE_ORIGINALS)
        orphans = await _orphans(group, [o for o in listed if o.modified_at < older_than])
        await objects.delete(orphans)
        swept += len(orphans)
    return swept


async def sweep_uploads(group: ShardGroup) -> int:
    """Forget uploads that nobody has gone on with for a day; how many there were."""
    swept = 0
    for shard in group.shards():
        while found := await delete_abandoned(group, shard, _PAGE_UPLOADS):
            swept += found
    return swept


async def keep_quarantine_swept(group: ShardGroup, objects: Objects, stop: asyncio.Event) -> None:
    """Sweep four times an hour until `stop` is set."""
    while not stop.is_set():
        try:
            uploads = await sweep_uploads(group)
            originals = await sweep_quarantine(group, objects, datetime.now(UTC) - ORPHAN_AGE)
            if uploads or originals:
                log.info("quarantine_swept", uploads=uploads, originals=originals)
        except Unavailable as error:
            # Nobody loses anything: orphans lie a quarter of an hour longer.
            log.warning("quarantine_not_swept", reason=error.detail)
        await pause(stop, _SWEEP_SECONDS)


async def _orphans(group: ShardGroup, old: list[ListedOriginal]) -> list[str]:
    by_owner: defaultdict[int, list[str]] = defaultdict(list)
    for original in old:
        by_owner[original.owner_id].append(original.key)
    orphans: list[str] = []
    for owner_id, keys in by_owner.items():
        in_use = await quarantine_keys_in_use(group, owner_id, keys)
        orphans += [key for key in keys if key not in in_use]
    return orphans
