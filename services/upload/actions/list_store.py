"""Lists the store and finds objects that the database does not know."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.upload.store.known_keys import id_in, unknown_keys, witness
from services.upload.store.objects import ARCHIVES, QUARANTINE, RENDITIONS, ListedObject, Objects
from shared.sharding.doubts import CLOCK_SECONDS_MAX, Witness
from shared.sharding.shard_group import ShardGroup

ALL_PREFIXES = (QUARANTINE, RENDITIONS, ARCHIVES)

# Receiving takes at most a minute; the rest allows for clocks that differ.
ORPHAN_AGE = timedelta(hours=1)

_PAGE_MAX = 500
# At most this many keys are kept; the rest is only counted.
_ORPHANS_MAX = 100_000


@dataclass(slots=True)
class StoreListing:
    """Objects and orphans by shard, and the orphans' keys with their shards.

    `unlisted` counts objects of shards that could not be asked. `clock_ahead_s` is how far the
    newest object lies in our future.
    """

    objects: Counter[int] = field(default_factory=Counter)
    orphans: Counter[int] = field(default_factory=Counter)
    keys: dict[str, int] = field(default_factory=dict)
    witnesses: list[Witness] = field(default_factory=list)
    unlisted: int = 0
    clock_ahead_s: float = 0.0


async def list_store(
    group: ShardGroup,
    objects: Objects,
    now: datetime,
    *,
    prefixes: Sequence[str] = ALL_PREFIXES,
    without: Collection[int] = (),
) -> StoreListing:
    """List all objects below the prefixes; raises Unavailable if the store or a primary is away.

    Objects younger than ORPHAN_AGE may be in use, so they never count as orphans. Shards in
    `without` are not asked.
    """
    listing = StoreListing()
    for prefix in prefixes:
        after: str | None = ""
        while after is not None:
            listed, after = await objects.page(f"{prefix}/", after, _PAGE_MAX)
            await _take_page(group, listing, prefix, listed, now, without)
    return listing


async def still_orphans(group: ShardGroup, keys: Collection[str]) -> list[str]:
    """The keys that the database still does not know."""
    found: list[str] = []
    for prefix in ALL_PREFIXES:
        ids = {key: id_ for key in keys if (id_ := _id_below(prefix, key)) is not None}
        found += await unknown_keys(group, prefix, ids)
    return found


async def _take_page(
    group: ShardGroup,
    listing: StoreListing,
    prefix: str,
    listed: Sequence[ListedObject],
    now: datetime,
    without: Collection[int],
) -> None:
    ours: dict[str, tuple[ListedObject, int]] = {}
    for found in listed:
        id_ = id_in(prefix, found.key)
        if id_ is None:
            continue
        listing.clock_ahead_s = max(
            listing.clock_ahead_s, (found.modified_at - now).total_seconds()
        )
        shard = group.shard_of(id_)
        listing.objects[shard] += 1
        if shard in without:
            listing.unlisted += 1
        elif found.modified_at < now - ORPHAN_AGE:
            ours[found.key] = (found, id_)
    for key in await unknown_keys(group, prefix, {key: id_ for key, (_, id_) in ours.items()}):
        found, id_ = ours[key]
        shard = group.shard_of(id_)
        listing.orphans[shard] += 1
        if len(listing.keys) < _ORPHANS_MAX:
            listing.keys[key] = shard
            listing.witnesses.append(witness(prefix, found, id_, shard))


def store_clock(listing: StoreListing, answered_ahead_s: float) -> float:
    """How far the store's clock is ahead, by its replies and its objects' dates."""
    if listing.clock_ahead_s > CLOCK_SECONDS_MAX:
        return max(listing.clock_ahead_s, answered_ahead_s)
    return answered_ahead_s


def _id_below(prefix: str, key: str) -> int | None:
    return id_in(prefix, key) if key.startswith(f"{prefix}/") else None
