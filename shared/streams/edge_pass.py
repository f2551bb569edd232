"""One walk over all edges and counts of a group, shard by shard in pages."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from asyncpg import Record

from shared.logs import get_logger
from shared.sharding.edge_audit import EdgeAudit, EdgeKey
from shared.sharding.edge_repair import EdgeRepair
from shared.sharding.shard_group import ShardGroup
from shared.streams.stream_metrics import EDGES_COMPARED, EDGES_REPAIRED

_BEFORE_ALL = EdgeKey("", -1, -1)

# After each page: how many rows it had; False ends the walk.
GoOn = Callable[[int], Awaitable[bool]]

log = get_logger()


@dataclass
class PassReport:
    """What a walk has seen; drift is counted by kind, and by kind and fault when repaired."""

    edges: int = 0
    counts: int = 0
    under_way: int = 0
    complete: bool = True
    kinds: set[str] = field(default_factory=set)
    drift: Counter[str] = field(default_factory=Counter)
    repaired: Counter[tuple[str, str]] = field(default_factory=Counter)


class EdgePass:
    """Edges first, then counts: an edge that is brought to its mirror is counted there."""

    def __init__(self, group: ShardGroup, settle_s: float, go_on: GoOn) -> None:
        self.report = PassReport()
        self._group = group
        self._audit = EdgeAudit(group, settle_s)
        self._repair = EdgeRepair(group)
        self._go_on = go_on

    async def walk(self) -> PassReport:
        """Compare and repair everything; raises Unavailable for a primary that is away."""
        for compare in (self._compare_truths, self._compare_mirrors, self._compare_counts):
            for shard in self._group.shards():
                await compare(shard)
                if not self.report.complete:
                    return self.report
        return self.report

    async def _compare_truths(self, shard: int) -> None:
        after = _BEFORE_ALL
        while page := await self._audit.page_of_truths(shard, after):
            after = _key(page[-1])
            self.report.edges += len(page)
            EDGES_COMPARED.labels(self._group.name).inc(len(page))
            await self._mend_edges(await self._audit.suspects_among_truths(page))
            await self._mend_counts(shard, {(r["kind"], r["src"]) for r in page if r["uncounted"]})
            if not await self._paced(page):
                return
        await self._paced(())

    async def _compare_mirrors(self, shard: int) -> None:
        after = _BEFORE_ALL
        while page := await self._audit.page_of_mirrors(shard, after):
            after = _key(page[-1])
            await self._mend_edges(await self._audit.suspects_among_mirrors(page))
            await self._mend_counts(shard, {(r["kind"], r["dst"]) for r in page if r["uncounted"]})
            if not await self._paced(page):
                return
        await self._paced(())

    async def _compare_counts(self, shard: int) -> None:
        kind, node = _BEFORE_ALL.kind, _BEFORE_ALL.src
        while page := await self._audit.page_of_counts(shard, kind, node):
            kind, node = page[-1]["kind"], page[-1]["node"]
            self.report.counts += len(page)
            wrong = {(r["kind"], r["node"]) for r in page if _is_wrong(r)}
            await self._mend_counts(shard, wrong)
            if not await self._paced(page):
                return
        await self._paced(())

    async def _mend_edges(self, suspects: list[EdgeKey]) -> None:
        if not suspects:
            return
        judged = await self._audit.judge(suspects)
        self.report.under_way += judged.under_way
        if not judged.drifted:
            return
        self.report.drift.update(edge.key.kind for edge in judged.drifted)
        # One of the page stands for all: after a disaster it may be every edge there is.
        example = judged.drifted[0]
        log.warning(
            "edges drifted",
            group=self._group.name,
            count=len(judged.drifted),
            fault=example.fault,
            example=example.key._asdict(),
        )
        for edge in await self._repair.mend_edges(judged.drifted):
            self._note_repair(edge.key.kind, edge.fault)

    async def _mend_counts(self, shard: int, wrong: set[tuple[str, int]]) -> None:
        if not wrong:
            return
        self.report.drift.update(kind for kind, _node in wrong)
        log.warning(
            "edges miscounted", group=self._group.name, count=len(wrong), example=min(wrong)
        )
        for kind, node in sorted(wrong):
            if await self._repair.mend_count(shard, kind, node):
                self._note_repair(kind, "count")

    def _note_repair(self, kind: str, fault: str) -> None:
        self.report.repaired[kind, fault] += 1
        EDGES_REPAIRED.labels(self._group.name, kind, fault).inc()

    async def _paced(self, page: Sequence[Record]) -> bool:
        self.report.kinds.update(row["kind"] for row in page)
        self.report.complete = await self._go_on(len(page))
        return self.report.complete


def _key(row: Record) -> EdgeKey:
    return EdgeKey(row["kind"], row["src"], row["dst"])


def _is_wrong(row: Record) -> bool:
    counted, there = (row["in_count"], row["out_count"]), (row["in_edges"], row["out_edges"])
    return bool(counted != there)
