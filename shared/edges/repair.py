"""Makes the two sides of an edge agree again, and its counts; any number of times."""

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
    """Brings the truth to the mirror by the rule of versions, so that what is newer stays."""

    def __init__(self, group: ShardGroup) -> None:
        self._group = group
        self._mirror = EdgeMirror(group)

    async def mend_edges(self, drifted: Iterable[DriftedEdge]) -> list[DriftedEdge]:
        """Mirror the truth of each; the result leaves out those that changed meanwhile."""
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
        """Count a node's edges anew; True if what was written differed."""
        async with self._group.writer(shard) as tx:
            await tx.execute(_SQL["make_count"], kind=kind, node=node)
            before = await tx.row(_SQL["lock_count"], kind=kind, node=node)
            return before != await tx.row(_SQL["count_anew"], kind=kind, node=node)

    async def _change_for(self, edge: DriftedEdge) -> EdgeChange | None:
        truth, mirror = edge.truth, edge.mirror
        if truth is None:
            # Any edge put from now on is newer than this by the clock that makes versions.
            version = 0 if mirror is None else mirror.version + 1
            return EdgeChange(*edge.key, REMOVED, version)
        if mirror is None or mirror.version < truth.version:
            return EdgeChange(*edge.key, truth.state, truth.version)
        # The mirror claims to be newer than the truth ever was: make the truth newer still. Killed
        # before it is mirrored, it is an edge whose mirror is stale.
        async with self._group.writer(self._group.shard_of(edge.key.src)) as tx:
            raised = await tx.row(
                _SQL["raise_version"], **edge.key._asdict(), version=mirror.version
            )
        return None if raised is None else EdgeChange(*edge.key, raised["state"], raised["version"])
