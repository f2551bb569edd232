"""Compares database and store, and both with the last good listing."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from services.upload.actions.list_store import list_store
from services.upload.actions.store_doubts import (
    doubts_after,
    doubts_before,
    note_good_listing,
    probable_causes,
    store_losses,
)
from services.upload.store.objects import Objects
from services.upload.store.photos import find_photo, page_of_ready
from shared.errors import Unavailable
from shared.sharding.doubts import shards_text
from shared.sharding.removal_rules import RemovalRules
from shared.sharding.shard_group import ShardGroup

_PAGE_MAX = 200
_AT_ONCE = 16
_MISSING_MAX = 10_000


@dataclass(slots=True)
class Comparison:
    """What was compared, and the keys in error.

    `reasons` say why the numbers cannot be trusted, or name probable causes.
    """

    photos: int = 0
    renditions: int = 0
    objects: int = 0
    missing: list[str] = field(default_factory=list)
    missing_count: int = 0
    orphans: list[str] = field(default_factory=list)
    orphan_count: int = 0
    reasons: list[str] = field(default_factory=list)


async def verify_store(
    group: ShardGroup, objects: Objects, now: datetime, rules: RemovalRules | None = None
) -> Comparison:
    """Check every rendition of every ready photo, and look up every object.

    Shards that cannot be asked are named, and the others are compared. Raises Unavailable if the
    store does not answer.
    """
    rules = rules or RemovalRules()
    before = await doubts_before(group, objects, rules.lost, counted=False)
    blind = before.blind_shards
    found = Comparison(reasons=before.clocks)
    if before.clocks:
        # A store refuses every request signed by a wrong clock.
        return found
    for shard in group.shards():
        if shard not in blind:
            await _compare_photos(group, objects, shard, found)
    listing = await list_store(group, objects, now, without=blind)
    doubts = await doubts_after(group, objects, listing, rules.lost)
    found.objects = listing.objects.total()
    found.orphans, found.orphan_count = list(listing.keys), listing.orphans.total()
    found.reasons += doubts.sentences()
    if listing.unlisted:
        found.reasons.append(
            f"{listing.unlisted} of {found.objects} objects are of shards that could not be asked"
        )
    found.reasons += probable_causes(doubts, listing.orphans, listing.objects, rules)
    found.reasons += store_losses(doubts, listing)
    found.reasons += _cause_of_missing(group, found)
    if not found.reasons and not found.missing_count:
        await note_good_listing(group, doubts, listing)
    return found


async def _compare_photos(
    group: ShardGroup, objects: Objects, shard: int, found: Comparison
) -> None:
    after = 0
    try:
        while page := await page_of_ready(group, shard, after=after, limit=_PAGE_MAX):
            found.photos += len(page)
            found.renditions += sum(map(len, page.values()))
            missing = await _missing(group, objects, page)
            found.missing_count += len(missing)
            found.missing += missing[: _MISSING_MAX - len(found.missing)]
            after = max(page)
    except Unavailable as away:
        if away.code == "store_unavailable":
            raise
        found.reasons.append(
            f"some photos of {group.name}'s shard {shard} were not compared: {away.detail}"
        )


async def _missing(group: ShardGroup, objects: Objects, page: Mapping[int, list[str]]) -> list[str]:
    gate = asyncio.Semaphore(_AT_ONCE)

    async def is_missing(photo_id: int, key: str) -> bool:
        async with gate:
            if await objects.exists(key):
                return False
        # If it was deleted after the page was read, its photo is gone, too.
        photo = await find_photo(group, photo_id)
        return photo is not None and photo.state == "ready"

    pairs = [(photo_id, key) for photo_id, keys in page.items() for key in keys]
    wrong = await asyncio.gather(*(is_missing(*pair) for pair in pairs))
    return [key for (_photo_id, key), is_wrong in zip(pairs, wrong, strict=True) if is_wrong]


def _cause_of_missing(group: ShardGroup, found: Comparison) -> list[str]:
    """A sentence on where the missing renditions belong, or nothing."""
    if not found.missing:
        return []
    by_shard = Counter(group.shard_of(int(key.split("/")[1])) for key in found.missing)
    sentence = (
        f"{found.missing_count} of {found.renditions} renditions are missing, and the store lists"
        f" {found.objects} objects: {shards_text(by_shard.keys(), group.name)} concerned: was"
        " the store's folder lost, or an older copy of it put back?"
    )
    return [sentence]
