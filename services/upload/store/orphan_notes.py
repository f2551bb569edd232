"""Marks of orphaned objects: what one look has found, for the next one to confirm.

They stand in the shards, so a lost Redis does not lose them. A lost mark only delays a deletion.
"""

import time
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from shared.sharding.shard_group import ShardGroup
from shared.sql_files import load_queries

_SQL = load_queries(Path(__file__).with_suffix(".sql"))
_KEYS_MAX = 1_000
# Two clocks do not run alike, and a transaction has the time of its beginning.
_MARGIN_S = 1.0


@dataclass(frozen=True, slots=True)
class OrphanNote:
    """What is known of an orphan from before; one that was `given_up` is no surprise."""

    is_due: bool
    given_up: bool


async def notes_of(
    group: ShardGroup, orphans: Mapping[str, int], wait: timedelta
) -> dict[str, OrphanNote]:
    """The marks of some orphans (key to shard); due are those made at least `wait` ago."""
    found: dict[str, OrphanNote] = {}
    for keys in _pages(list(orphans)):
        rows = await group.rows_across(
            _SQL["notes_of"],
            {orphans[key] for key in keys},
            stand_in=False,
            keys=keys,
            wait_s=wait.total_seconds(),
        )
        found |= {row["key"]: OrphanNote(row["is_due"], row["given_up"]) for row in rows}
    return found


async def note_orphans(group: ShardGroup, orphans: Mapping[str, int]) -> None:
    """Note that these (key to shard) were seen as orphans now; a mark keeps its first date."""
    for shard, keys in _by_shard(orphans).items():
        for page in _pages(keys):
            async with group.writer(shard) as tx:
                await tx.execute(_SQL["note_orphans"], keys=page)


async def forget_notes(group: ShardGroup, orphans: Mapping[str, int]) -> None:
    """These (key to shard) are deleted."""
    for shard, keys in _by_shard(orphans).items():
        async with group.writer(shard) as tx:
            await tx.execute(_SQL["forget_notes"], keys=keys)


async def forget_unseen_notes(group: ShardGroup, prefixes: Collection[str], began_s: float) -> None:
    """Drop the marks below the prefixes that a whole look has not renewed.

    `began_s` is when the look began, by the monotonic clock. A mark that is kept too long is
    renewed or dropped by the next look.
    """
    for shard in group.shards():
        async with group.writer(shard) as tx:
            for prefix in prefixes:
                listing_s = time.monotonic() - began_s + _MARGIN_S
                await tx.execute(_SQL["forget_unseen_notes"], prefix=prefix, listing_s=listing_s)


def _by_shard(orphans: Mapping[str, int]) -> dict[int, list[str]]:
    keys: dict[int, list[str]] = defaultdict(list)
    for key, shard in orphans.items():
        keys[shard].append(key)
    return keys


def _pages(keys: Sequence[str]) -> list[list[str]]:
    return [list(keys[at : at + _KEYS_MAX]) for at in range(0, len(keys), _KEYS_MAX)]
