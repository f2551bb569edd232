"""Repairs edges whose sides disagree, and wrong counts; repeating a repair is harmless."""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from shared.edges.audit import DriftedEdge
from shared.edges.edges import REMOVED
from shared.edges.mirror import EdgeChange, EdgeMirror
from shared.sharding.shard_group import ShardGroup
from shared.sql_files import load_queries

_SQL = load_queries(Path(__file__).with_name("audit.sql"))


class EdgeRepair:
    """Writes the truth to the mirror; a newer version that arrives meanwhile wins."""

    def __init__(self, group: ShardGroup) -> None:
        self._group = group
        self._mirror = EdgeMirror(group)

    async def mend_edges(self, drifted: Iterable[DriftedEdge]) -> list[DriftedEdge]:
        """Mirror the truth of each edge; returns the edges without those that changed meanwhile."""
        mended: list[DriftedEdge] = []
        by_shard: dict[int, list[EdgeChange]] = defaultdict(list)
        for edge in drifted:
            change = await self._change_for(edge)
            if change is not None:
                by_shard[self._group.shard_of(edge.key.dst)].append(change)
                mended.append(edge)
        for shard, changes in by_shard.items():
            await self._mirror.apply(shard, changes)
        return mended

    async def mend_count(self, shard: int, kind: str, node: int) -> bool:
        """Count a node's edges again; returns whether the stored counts were wrong."""
        async with self._group.writer(shard) as tx:
            await tx.execute(_SQL["make_count"], kind=kind, node=node)
            before = await tx.row(_SQL["lock_count"], kind=kind, node=node)
            return before != await tx.row(_SQL["count_anew"], kind=kind, node=node)

    async def _change_for(self, edge: DriftedEdge) -> EdgeChange | None:
        truth, mirror = edge.truth, edge.mirror
        if truth is None:
            # Versions come from the clock, so any edge put from now on is newer than this.
            version = 0 if mirror is None else mirror.version + 1
            return EdgeChange(*edge.key, REMOVED, version)
        if mirror is None or mirror.version < truth.version:
            return EdgeChange(*edge.key, truth.state, truth.version)
        # The mirror is newer than the truth, so the truth gets an even newer version. A crash
        # before the mirroring leaves a stale mirror, which the next audit repairs.
        async with self._group.writer(self._group.shard_of(edge.key.src)) as tx:
            raised = await tx.row(
                _SQL["raise_version"], **edge.key._asdict(), version=mirror.version
            )
        return None if raised is None else EdgeChange(*edge.key, raised["state"], raised["version"])
