"""The rows of activity, in the shards of their recipients."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.feed.domain.activity import Deed
from shared.sharding.shard_group import ShardGroup
from shared.sharding.transaction import Transaction
from shared.sql_files import load_queries

_SQL = load_queries(Path(__file__).with_suffix(".sql"))

# Nobody scrolls further; newer deeds displace older ones.
KEPT_MAX = 500

ACTIVITY_TOPIC = "activity"

_SHARDS_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Told:
    """A deed on its way to its recipient; `is_done` is false if it was taken back."""

    recipient_id: int
    deed: Deed
    is_done: bool = True


async def note_activities(
    group: ShardGroup, told: Iterable[Told], *, kept_max: int = KEPT_MAX
) -> None:
    """Add deeds and remove those taken back; of two with the same key, the later counts."""
    last = {_key(one): one for one in told if one.recipient_id != one.deed.actor_id}
    by_shard: dict[int, list[Told]] = defaultdict(list)
    for one in last.values():
        by_shard[group.shard_of(one.recipient_id)].append(one)
    gate = asyncio.Semaphore(_SHARDS_AT_ONCE)

    async def note_in(shard: int, of_shard: list[Told]) -> None:
        async with gate, group.writer(shard) as tx:
            await _note(tx, of_shard, kept_max)

    await asyncio.gather(*(note_in(*part) for part in by_shard.items()))


async def newest_activities(group: ShardGroup, user_id: int) -> list[Deed]:
    """The deeds that concern a user, newest first; at most KEPT_MAX."""
    reader = group.reader(group.shard_of(user_id))
    rows = await reader.rows(_SQL["newest_activities"], user_id=user_id, limit=KEPT_MAX)
    return [Deed(**row) for row in rows]


async def seen_version(group: ShardGroup, user_id: int) -> int:
    """The version of the newest deed that a user has seen; 0 if none."""
    reader = group.reader(group.shard_of(user_id))
    return await reader.value(_SQL["seen_version"], user_id=user_id) or 0


async def see_activities(group: ShardGroup, user_id: int) -> None:
    """Mark all deeds that concern a user as seen."""
    async with group.writer(group.shard_of(user_id)) as tx:
        await tx.execute(_SQL["see_activities"], user_id=user_id)


async def forget_activities_of(group: ShardGroup, user_id: int) -> None:
    """Delete everything others were told about this actor."""
    await _forget_naming(group, user_id, ())


async def forget_activities_about(group: ShardGroup, post_ids: Sequence[int]) -> None:
    """Delete everything anybody was told about the posts."""
    await _forget_naming(group, 0, post_ids)


async def _forget_naming(group: ShardGroup, actor_id: int, post_ids: Sequence[int]) -> None:
    named: dict[str, Any] = {"actor_id": actor_id, "post_ids": list(post_ids)}
    rows = await group.rows_across(_SQL["recipients_naming"], group.shards(), **named)
    for shard in {group.shard_of(row["recipient_id"]) for row in rows}:
        async with group.writer(shard) as tx:
            await tx.execute(_SQL["forget_naming"], **named)


async def _note(tx: Transaction, told: Sequence[Told], kept_max: int) -> None:
    done = [one for one in told if one.is_done]
    if done:
        posts = [one.deed.post_id for one in done]
        await tx.execute(_SQL["add_activities"], **_columns(done), posts=posts)
        recipients = sorted({one.recipient_id for one in done})
        await tx.execute(_SQL["trim_activities"], recipients=recipients, kept=kept_max)
    undone = [one for one in told if not one.is_done]
    if undone:
        await tx.execute(_SQL["take_activities_back"], **_columns(undone))


def _key(told: Told) -> tuple[object, ...]:
    return told.recipient_id, told.deed.kind, told.deed.subject_id, told.deed.actor_id


def _columns(told: Sequence[Told]) -> dict[str, list[Any]]:
    return {
        "recipients": [one.recipient_id for one in told],
        "kinds": [one.deed.kind for one in told],
        "subjects": [one.deed.subject_id for one in told],
        "actors": [one.deed.actor_id for one in told],
        "versions": [one.deed.version for one in told],
    }
