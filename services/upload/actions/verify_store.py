"""Compares database and store: what is missing, and what nothing stands for."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from services.upload.actions.find_orphans import find_orphans
from services.upload.actions.sweep_store import ORPHAN_AGE
from services.upload.store.objects import ARCHIVES, QUARANTINE, RENDITIONS, Objects
from services.upload.store.photos import find_photo, page_of_ready
from shared.sharding.shard_group import ShardGroup

_PAGE_MAX = 200
_AT_ONCE = 16


@dataclass(slots=True)
class Comparison:
    """What was looked at, and the keys with which something is wrong."""

    photos: int = 0
    missing: list[str] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)


async def verify_store(group: ShardGroup, objects: Objects, now: datetime) -> Comparison:
    """Every rendition of every ready photo is asked for, and every object looked up."""
    found = Comparison()
    for shard in group.shards():
        after = 0
        while page := await page_of_ready(group, shard, after=after, limit=_PAGE_MAX):
            found.photos += len(page)
            found.missing += await _missing(group, objects, page)
            after = max(page)
    for prefix in (QUARANTINE, RENDITIONS, ARCHIVES):
        async for keys in find_orphans(group, objects, prefix, now - ORPHAN_AGE):
            found.orphans += keys
    return found


async def _missing(group: ShardGroup, objects: Objects, page: Mapping[int, list[str]]) -> list[str]:
    gate = asyncio.Semaphore(_AT_ONCE)

    async def is_missing(photo_id: int, key: str) -> bool:
        async with gate:
            if await objects.exists(key):
                return False
        # It may have been deleted since the page was read, and then its photo has gone first.
        photo = await find_photo(group, photo_id)
        return photo is not None and photo.state == "ready"

    pairs = [(photo_id, key) for photo_id, keys in page.items() for key in keys]
    wrong = await asyncio.gather(*(is_missing(*pair) for pair in pairs))
    return [key for (_photo_id, key), is_wrong in zip(pairs, wrong, strict=True) if is_wrong]
