"""Compares both sides of edges, and tells drifted edges from edges whose event is on its way."""

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
    """Identifies an edge within its group."""

    kind: str
    src: int
    dst: int


class Side(NamedTuple):
    """What one shard holds of an edge."""

    state: str
    version: int


@dataclass(frozen=True, slots=True)
class DriftedEdge:
    """An edge whose sides disagree although no event is on its way; one side may be None."""

    key: EdgeKey
    truth: Side | None
    mirror: Side | None

    @property
    def fault(self) -> str:
        """How the mirror differs: "orphan", "missing", "stale" or "ahead"."""
        if self.truth is None:
            return "orphan"
        if self.mirror is None:
            return "missing"
        return "stale" if self.mirror.version < self.truth.version else "ahead"

    @property
    def is_certain(self) -> bool:
        """Whether the truth alone decides what the mirror should be.

        If the truth is absent, or older than its mirror, the truth may have been lost instead.
        """
        return self.fault in {"missing", "stale"}


@dataclass(frozen=True, slots=True)
class Judged:
    """The result of reading suspects again; all other suspects agree by now."""

    drifted: list[DriftedEdge]
    under_way: int


class EdgeAudit:
    """Compares all edges of a group; reads only primaries, because a replica may lag.

    An edge younger than `quiet_s` counts as under way.
    """

    def __init__(self, group: ShardGroup, quiet_s: float) -> None:
        self._group = group
        self._quiet_s = quiet_s

    async def page_of_truths(self, shard: int, after: EdgeKey) -> list[Record]:
        """Return up to 1,000 edges that begin in a shard, in the order of (kind, src, dst)."""
        reader = self._group.reader(shard, stand_in=False)
        return await reader.rows(_SQL["page_of_truths"], **after._asdict())

    async def page_of_mirrors(self, shard: int, after: EdgeKey) -> list[Record]:
        """Return up to 1,000 edges that end in a shard, in the order of (kind, dst, src)."""
        reader = self._group.reader(shard, stand_in=False)
        return await reader.rows(_SQL["page_of_mirrors"], **after._asdict())

    async def page_of_counts(self, shard: int, kind: str, node: int) -> list[Record]:
        """Return up to 200 counts of a shard, each with the number of edges it should equal."""
        reader = self._group.reader(shard, stand_in=False)
        return await reader.rows(_SQL["page_of_counts"], kind=kind, node=node)

    async def suspects_among_truths(self, page: Iterable[Record]) -> list[EdgeKey]:
        """Return the edges of a page of truths whose mirror differs."""
        truths = _sides(page)
        mirrors = await self.mirrors(truths)
        return [key for key, truth in truths.items() if not _agree(truth, mirrors.get(key))]

    async def suspects_among_mirrors(self, page: Iterable[Record]) -> list[EdgeKey]:
        """Return mirrored edges without a truth; a page of truths reveals all other differences."""
        mirrors = {key: side for key, side in _sides(page).items() if side.state != REMOVED}
        truths = await self.truths(mirrors)
        return [key for key in mirrors if key not in truths]

    async def judge(self, suspects: Collection[EdgeKey]) -> Judged:
        """Read suspects again, in an order that never takes a change under way for drift.

        An event is in the outbox from the truth's commit until after its mirroring. So if the truth
        is read first and then has no event in the outbox, its mirror is complete when it is read
        after that. The truth may have changed once more meanwhile; the second read of it tells.
        """
        truths_before = await self.truths(suspects)
        waiting = await self._waiting(suspects)
        mirrors = await self.mirrors(suspects)
        truths = await self.truths(suspects)
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
        # Versions hold a time. One far in the future is a fault, so the edge is not young.
        age_s = 0.0 if side is None else time.time() - created_ms(side.version) / 1000
        return abs(age_s) < self._quiet_s

    async def truths(self, keys: Iterable[EdgeKey]) -> dict[EdgeKey, Side]:
        """Map edges to the rows in the shards where they begin; absent if there is none."""
        by_shard = _by_shard((self._group.shard_of(key.src), key) for key in keys)
        return _sides(await self._look_up(_SQL["truths"], by_shard))

    async def mirrors(self, keys: Iterable[EdgeKey]) -> dict[EdgeKey, Side]:
        """Map edges to the rows in the shards where they end; absent if there is none."""
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
        # One shard at a time, so that an audit does not slow down requests.
        for shard, keys in by_shard.items():
            kinds, srcs, dsts = (list(column) for column in zip(*keys, strict=True))
            reader = self._group.reader(shard, stand_in=False)
            found += await reader.rows(query, kinds=kinds, srcs=srcs, dsts=dsts, **values)
        return found


def _agree(truth: Side | None, mirror: Side | None) -> bool:
    if truth is None or mirror is None:
        # A removed edge may have a row on one side only; both sides then say "no edge".
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
