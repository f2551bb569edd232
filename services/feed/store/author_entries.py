"""The newest entries of many authors, read from the authors' shards."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from pathlib import Path

from asyncpg import Record

from shared.errors import Unavailable
from shared.sharding.primaries import apart_by_primary
from shared.sharding.shard_group import ShardGroup
from shared.sql_files import load_queries

_SQL = load_queries(Path(__file__).with_suffix(".sql"))


@dataclass(frozen=True, slots=True)
class FoundEntries:
    """Ids of each author in descending order; `away` if some primary did not answer."""

    ids_by_author: Mapping[int, list[int]]
    away: bool


@dataclass(frozen=True, slots=True)
class FoundCelebrities:
    """Which of some authors are celebrities; `away` if some primary did not answer."""

    ids: list[int]
    away: bool


async def newest_of_authors(
    group: ShardGroup, befores: Mapping[int, int], limit_each: int
) -> FoundEntries:
    """For each author, the newest ids below the given one; one statement per primary.

    Raises Unavailable only if no primary answers.
    """
    rows, away = await _ask_primaries(
        group, befores, lambda authors: _newest_on_primary(group, authors, befores, limit_each)
    )
    ids: dict[int, list[int]] = defaultdict(list)
    for author_id, post_id in rows:
        ids[author_id].append(post_id)
    for of_author in ids.values():
        of_author.sort(reverse=True)
    return FoundEntries(ids, away=away)


async def celebrities_among(group: ShardGroup, author_ids: Collection[int]) -> FoundCelebrities:
    """The authors whose posts readers merge; one statement per primary.

    Raises Unavailable only if no primary answers.
    """
    rows, away = await _ask_primaries(group, author_ids, partial(_celebrities_on_primary, group))
    return FoundCelebrities(sorted(row["author_id"] for row in rows), away=away)


async def _ask_primaries(
    group: ShardGroup,
    author_ids: Collection[int],
    ask: Callable[[list[int]], Awaitable[list[Record]]],
) -> tuple[list[Record], bool]:
    answers = await asyncio.gather(
        *map(ask, apart_by_primary(group, author_ids)), return_exceptions=True
    )
    rows: list[Record] = []
    faults: list[Unavailable] = []
    for answer in answers:
        if isinstance(answer, Unavailable):
            faults.append(answer)
        elif isinstance(answer, BaseException):
            raise answer
        else:
            rows += answer
    if faults and len(faults) == len(answers):
        raise faults[0]
    return rows, bool(faults)


async def _celebrities_on_primary(group: ShardGroup, author_ids: list[int]) -> list[Record]:
    shards = {group.shard_of(author_id) for author_id in author_ids}
    return await group.rows_across(_SQL["celebrities_among"], shards, author_ids=author_ids)


async def _newest_on_primary(
    group: ShardGroup, authors: list[int], befores: Mapping[int, int], limit_each: int
) -> list[Record]:
    shards = [group.shard_of(author_id) for author_id in authors]
    by_shard = [author_id for _, author_id in sorted(zip(shards, authors, strict=True))]
    counts = [0] * group.shard_count
    for shard in shards:
        counts[shard] += 1
    return await group.rows_across(
        _SQL["newest_of_authors"],
        shards,
        authors=by_shard,
        befores=[befores[author_id] for author_id in by_shard],
        starts=list(accumulate(counts, initial=0)),
        limit_each=limit_each,
    )
