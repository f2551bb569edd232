"""Reads both sides of edges, and tells those that disagree from those that are under way."""

import time
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from asyncpg import Record

from shared.edges.edges import REMOVED
from shared.edges.mirror import TOPIC
from shared.ids import created_ms
from shared.sharding.shard_group import ShardGroup
from shared.sql_files import Query, load_queries

_SQL = load_queries(Path(__file__).with_suffix(".sql"))


class EdgeKey(NamedTuple):
    """Which edge."""

    kind: str
    src: int
    dst: int


class Side(NamedTuple):
    """What one shard holds of an edge."""

    state: str
    version: int


@dataclass(frozen=True, slots=True)
class DriftedEdge:
    """An edge whose sides disagree although nothing is on its way; at least one is there."""

    key: EdgeKey
    truth: Side | None
    mirror: Side | None

    @property
    def fault(self) -> str:
        """What is wrong with the mirror."""
        if self.truth is None:
            return "orphan"
        if self.mirror is None:
            return "missing"
        return "stale" if self.mirror.version < self.truth.version else "ahead"

    @property
    def is_certain(self) -> bool:
        """Does the truth itself say what the mirror should be?

        A truth that is absent, or older than its mirror, may as well have been lost.
        """
        return self.fault in {"missing", "stale"}


@dataclass(frozen=True, slots=True)
class Judged:
    """What a second look at suspects has found; those it does not name agree by now."""

    drifted: list[DriftedEdge]
    under_way: int


class EdgeAudit:
    """Looks at all edges of a group; decides by what the primaries hold, never by a stand-in."""

    def __init__(self, group: ShardGroup, quiet_s: float) -> None:
        self._group = group
        self._quiet_s = quiet_s

    async def page_of_truths(self, shard: int, after: EdgeKey) -> list[Record]:
        """The next edges that begin in a shard, in the order of (kind, src, dst)."""
        reader = self._group.reader(shard, stand_in=False)
        return await reader.rows(_SQL["page_of_truths"], **after._asdict())

    async def page_of_mirrors(self, shard: int, after: EdgeKey) -> list[Record]:
        """The next edges that end in a shard, in the order of (kind, dst, src)."""
        reader = self._group.reader(shard, stand_in=False)
        return await reader.rows(_SQL["page_of_mirrors"], **after._asdict())

    async def page_of_counts(self, shard: int, kind: str, node: int) -> list[Record]:
        """The next counts of a shard, each beside the number of edges that it should be."""
        reader = self._group.reader(shard, stand_in=False)
        return await reader.rows(_SQL["page_of_counts"], kind=kind, node=node)

    async def suspects_among_truths(self, page: Iterable[Record]) -> list[EdgeKey]:
        """Edges whose mirror is not as their truth was a moment ago."""
        truths = _sides(page)
        mirrors = await self._mirrors(truths)
        return [key for key, truth in truths.items() if not _agree(truth, mirrors.get(key))]

    async def suspects_among_mirrors(self, page: Iterable[Record]) -> list[EdgeKey]:
        """Mirrored edges without a truth; all others are found from where they begin."""
        mirrors = {key: side for key, side in _sides(page).items() if side.state != REMOVED}
        truths = await self._truths(mirrors)
        return [key for key in mirrors if key not in truths]

    async def judge(self, suspects: Collection[EdgeKey]) -> Judged:
        """Look again, in an order in which no change under way is taken for drift.

        An event is in the outbox from the commit of the truth until after its mirroring. So a
        truth that is seen before the outbox is, and has no event there, has been mirrored when
        the mirror is read last; unless it changed once more, which a second look at it tells.
        """
        truths_before = await self._truths(suspects)
        waiting = await self._waiting(suspects)
        mirrors = await self._mirrors(suspects)
        truths = await self._truths(suspects)
        drifted, under_way = [], 0
        for key in suspects:
            truth, mirror = truths.get(key), mirrors.get(key)
            if _agree(truth, mirror):
                continue
            newest = truth or mirror
            if key in waiting or truth != truths_before.get(key) or self._is_young(newest):
                under_way += 1
            else:
                drifted.append(DriftedEdge(key, truth, mirror))
        return Judged(drifted, under_way)

    def _is_young(self, side: Side | None) -> bool:
        # A version from the future is a fault and not young.
        age_s = 0.0 if side is None else time.time() - created_ms(side.version) / 1000
        return abs(age_s) < self._quiet_s

    async def _truths(self, keys: Iterable[EdgeKey]) -> dict[EdgeKey, Side]:
        by_shard = _by_shard((self._group.shard_of(key.src), key) for key in keys)
        return _sides(await self._look_up(_SQL["truths"], by_shard))

    async def _mirrors(self, keys: Iterable[EdgeKey]) -> dict[EdgeKey, Side]:
        by_shard = _by_shard((self._group.shard_of(key.dst), key) for key in keys)
        return _sides(await self._look_up(_SQL["mirrors"], by_shard))

    async def _waiting(self, keys: Iterable[EdgeKey]) -> set[EdgeKey]:
        by_shard = _by_shard((self._group.shard_of(key.src), key) for key in keys)
        rows = await self._look_up(_SQL["waiting"], by_shard, topic=TOPIC)
        return {EdgeKey(*row) for row in rows}

    async def _look_up(
        self, query: Query, by_shard: dict[int, list[EdgeKey]], **values: object
    ) -> list[Record]:
        found: list[Record] = []
        # One shard after the other: an audit must not be felt by those who wait for a reply.
        for shard, keys in by_shard.items():
            kinds, srcs, dsts = (list(column) for column in zip(*keys, strict=True))
            reader = self._group.reader(shard, stand_in=False)
            found += await reader.rows(query, kinds=kinds, srcs=srcs, dsts=dsts, **values)
        return found


def _agree(truth: Side | None, mirror: Side | None) -> bool:
    if truth is None or mirror is None:
        # A removed edge may have left a trace on one side only: there is none for either.
        return all(side is None or side.state == REMOVED for side in (truth, mirror))
    return truth == mirror


def _sides(rows: Iterable[Record]) -> dict[EdgeKey, Side]:
    return {
        EdgeKey(row["kind"], row["src"], row["dst"]): Side(row["state"], row["version"])
        for row in rows
    }


def _by_shard(keys: Iterable[tuple[int, EdgeKey]]) -> dict[int, list[EdgeKey]]:
    by_shard: dict[int, list[EdgeKey]] = defaultdict(list)
    for shard, key in keys:
        by_shard[shard].append(key)
    return by_shard
