"""Ends the rows of edges that were removed long ago.

Such a row names two nodes, and only serves to recognise an older message that comes late.
"""

import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from asyncpg import Record

from shared.edges.audit import EdgeAudit, EdgeKey, Side
from shared.edges.edges import REMOVED
from shared.edges.mirror import TOPIC
from shared.ids import created_ms
from shared.sharding.shard_group import ShardGroup
from shared.sql_files import Query, load_queries

_SQL = load_queries(Path(__file__).with_suffix(".sql"))

# Messages arrive within seconds. Events that wait for a shard stay in the outbox, which is asked.
REMOVED_KEPT_S = 24 * 3600.0

_Rows = dict[EdgeKey, int]


class RemovedEdges:
    """Deletes rows of removed edges in pages, each time only what no message can still change."""

    def __init__(self, group: ShardGroup, audit: EdgeAudit, kept_s: float = REMOVED_KEPT_S) -> None:
        self._group = group
        self._audit = audit
        self._kept_s = kept_s

    async def forget_truths(self, shard: int, page: Iterable[Record]) -> int:
        """Delete old removed edges that begin in a shard, and before them their mirrors.

        Returns their number. An edge stays if its mirror is newer or says something else.
        """
        old = await self._without_promised(shard, self._old(page))
        if not old:
            return 0
        by_shard: dict[int, _Rows] = defaultdict(dict)
        for key, version in old.items():
            by_shard[self._group.shard_of(key.dst)][key] = version
        for target, of_shard in by_shard.items():
            await self._delete(_SQL["forget_mirrors"], target, of_shard)
        still_mirrored = await self._audit.mirrors(old)
        ended = {key: version for key, version in old.items() if key not in still_mirrored}
        return await self._delete(_SQL["forget_truths"], shard, ended)

    async def forget_mirrors(self, shard: int, page: Iterable[Record]) -> int:
        """Delete old removed edges that end in a shard and have no truth; returns their number."""
        old = self._old(page)
        truths: dict[EdgeKey, Side] = await self._audit.truths(old) if old else {}
        orphans = {key: version for key, version in old.items() if key not in truths}
        return await self._delete(_SQL["forget_mirrors"], shard, orphans)

    async def forget_counts(self, shard: int, page: Iterable[Record]) -> None:
        """Delete counts of 0; a count without a row is 0, too."""
        nodes: dict[str, list[int]] = defaultdict(list)
        for row in page:
            if row["in_count"] == row["out_count"] == 0:
                nodes[row["kind"]].append(row["node"])
        for kind, of_kind in nodes.items():
            async with self._group.writer(shard) as tx:
                await tx.execute(_SQL["forget_counts"], kind=kind, nodes=of_kind)

    def _old(self, page: Iterable[Record]) -> _Rows:
        before_ms = (time.time() - self._kept_s) * 1000
        return {
            EdgeKey(row["kind"], row["src"], row["dst"]): row["version"]
            for row in page
            if row["state"] == REMOVED and created_ms(row["version"]) < before_ms
        }

    async def _without_promised(self, shard: int, old: _Rows) -> _Rows:
        """Leave out the edges with an undelivered event."""
        if not old:
            return old
        reader = self._group.reader(shard, stand_in=False)
        rows = await reader.rows(_SQL["promised"], topic=TOPIC, **_columns(list(old)))
        promised = {EdgeKey(*row) for row in rows}
        return {key: version for key, version in old.items() if key not in promised}

    async def _delete(self, query: Query, shard: int, rows: _Rows) -> int:
        if not rows:
            return 0
        async with self._group.writer(shard) as tx:
            return await tx.execute(query, **_columns(list(rows)), versions=list(rows.values()))


def _columns(keys: Sequence[EdgeKey]) -> dict[str, list[Any]]:
    kinds, srcs, dsts = (list(column) for column in zip(*keys, strict=True))
    return {"kinds": kinds, "srcs": srcs, "dsts": dsts}
