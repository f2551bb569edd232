"""Notes of orphaned objects: one sweep writes them, and a later one confirms them.

They lie in Postgres, so a lost Redis does not lose them. A lost note only delays a deletion.
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
# Two clocks differ slightly, and now() is the time when a transaction began.
_MARGIN_S = 1.0


@dataclass(frozen=True, slots=True)
class OrphanNote:
    """An earlier note of an orphan; one that was `given_up` is expected."""

    is_due: bool
    given_up: bool


async def notes_of(
    group: ShardGroup, orphans: Mapping[str, int], wait: timedelta
) -> dict[str, OrphanNote]:
    """The notes of orphans (key to shard); those at least `wait` old are due."""
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
    """Record these orphans (key to shard); a note keeps its first date."""
    for shard, keys in _by_shard(orphans).items():
        for page in _pages(keys):
            async with group.writer(shard) as tx:
                await tx.execute(_SQL["note_orphans"], keys=page)


async def forget_notes(group: ShardGroup, orphans: Mapping[str, int]) -> None:
    """Delete the notes of these deleted objects (key to shard)."""
    for shard, keys in _by_shard(orphans).items():
        async with group.writer(shard) as tx:
            await tx.execute(_SQL["forget_notes"], keys=keys)


async def forget_unseen_notes(group: ShardGroup, prefixes: Collection[str], began_s: float) -> None:
    """Drop notes below the prefixes that a complete listing has not renewed.

    `began_s` is the start of the listing by the monotonic clock. The next sweep renews or drops a
    note kept too long.
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
