"""Removes abandoned uploads, photos in no post, and orphaned objects.

One sweep notes an orphan and a later one deletes it. A sweep in doubt deletes nothing.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from services.upload.actions.list_store import ALL_PREFIXES, list_store, still_orphans
from services.upload.actions.release_photos import release_unattached_photos
from services.upload.actions.store_doubts import (
    doubts_after,
    doubts_before,
    note_good_listing,
    too_many,
)
from services.upload.store.objects import QUARANTINE, Objects
from services.upload.store.orphan_notes import (
    forget_notes,
    forget_unseen_notes,
    note_orphans,
    notes_of,
)
from services.upload.store.photos import unattached_photos
from services.upload.store.uploads import count_abandoned, delete_abandoned
from shared.errors import Unavailable
from shared.ids import first_id_at
from shared.jobs.pauses import pause
from shared.logs import get_logger
from shared.sharding.removal_rules import RemovalRules
from shared.sharding.shard_group import ShardGroup

# By then, the owner is not going to publish the photo.
UNATTACHED_AGE = timedelta(hours=24)
# Operators notice a fault within a day.
ORPHAN_WAIT = timedelta(hours=24)

_PAGE_MAX = 500
_SWEEP_SECONDS = 900.0

log = get_logger()


@dataclass(frozen=True, slots=True)
class SweepRules:
    """Which prefixes to list, how long an orphan waits for its second sweep, how much may go."""

    prefixes: Sequence[str] = ALL_PREFIXES
    wait: timedelta = ORPHAN_WAIT
    removal: RemovalRules = field(default_factory=RemovalRules)
    is_dry: bool = False


@dataclass(slots=True)
class Swept:
    """Counts of what was found; `deleted` of the `orphans` are gone.

    If there are `reasons`, the sweep stopped and deleted nothing afterwards. Unless `listed`, it
    knows of no orphans.
    """

    uploads: int = 0
    photos: int = 0
    orphans: int = 0
    deleted: int = 0
    listed: bool = False
    reasons: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.uploads or self.photos or self.orphans)


async def sweep_store(
    group: ShardGroup, objects: Objects, now: datetime, rules: SweepRules | None = None
) -> Swept:
    """Sweep; it may be interrupted and repeated. Raises Unavailable if something stops answering.

    A dry run counts and changes nothing.
    """
    rules = rules or SweepRules()
    before = await doubts_before(group, objects, rules.removal.lost, counted=False)
    swept = Swept(reasons=before.sentences())
    if before:
        return swept
    for shard in group.shards():
        swept.uploads += await _sweep_uploads(group, shard, is_dry=rules.is_dry)
        swept.photos += await _sweep_photos(group, shard, now, is_dry=rules.is_dry)
    if rules.prefixes:
        await _sweep_orphans(group, objects, now, rules, swept)
    return swept


async def keep_store_swept(group: ShardGroup, objects: Objects, stop: asyncio.Event) -> None:
    """Sweep four times an hour until `stop` is set.

    It lists quarantine only, which is small; elsewhere only faults leave orphans.
    """
    rules = SweepRules(prefixes=[QUARANTINE])
    while not stop.is_set():
        try:
            swept = await sweep_store(group, objects, datetime.now(UTC), rules)
            if swept.reasons:
                log.warning("store_not_swept", reasons=swept.reasons)
            elif swept:
                log.info(
                    "store_swept",
                    uploads=swept.uploads,
                    photos=swept.photos,
                    orphans=swept.orphans,
                    deleted=swept.deleted,
                )
        except Unavailable as error:
            # Nobody loses anything: objects lie a quarter of an hour longer.
            log.warning("store_not_swept", reasons=[error.detail])
        await pause(stop, _SWEEP_SECONDS)


async def _sweep_uploads(group: ShardGroup, shard: int, *, is_dry: bool) -> int:
    """Delete abandoned uploads; their pieces are noted as given up and go with the orphans."""
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


async def _sweep_orphans(
    group: ShardGroup, objects: Objects, now: datetime, rules: SweepRules, swept: Swept
) -> None:
    began_s = time.monotonic()
    listing = await list_store(group, objects, now, prefixes=rules.prefixes)
    swept.listed, swept.orphans = True, listing.orphans.total()
    is_whole = set(rules.prefixes) == set(ALL_PREFIXES)
    # Count photos only if something may be deleted, or to record a complete listing.
    if not listing.keys and not is_whole:
        if not rules.is_dry:
            await forget_unseen_notes(group, rules.prefixes, began_s)
        return
    doubts = await doubts_after(group, objects, listing, rules.removal.lost)
    notes = {} if doubts else await notes_of(group, listing.keys, rules.wait)
    given_up = sum(mark.given_up for mark in notes.values())
    swept.reasons += doubts.sentences()
    swept.reasons += too_many(doubts, listing, swept.orphans - given_up, rules.removal)
    if swept.reasons or rules.is_dry:
        return
    new = {
        key: shard
        for key, shard in listing.keys.items()
        if key not in notes or not notes[key].given_up
    }
    await note_orphans(group, new)
    due = {key: shard for key, shard in listing.keys.items() if key in notes and notes[key].is_due}
    await _delete(group, objects, due, swept)
    await forget_unseen_notes(group, rules.prefixes, began_s)
    if is_whole:
        await note_good_listing(group, doubts, listing)


async def _delete(group: ShardGroup, objects: Objects, due: dict[str, int], swept: Swept) -> None:
    keys = list(due)
    for at in range(0, len(keys), _PAGE_MAX):
        # Check again, since minutes may have passed since the listing.
        orphans = await still_orphans(group, keys[at : at + _PAGE_MAX])
        await objects.delete(orphans)
        await forget_notes(group, {key: due[key] for key in orphans})
        swept.deleted += len(orphans)
