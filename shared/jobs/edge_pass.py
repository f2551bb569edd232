"""One walk over all edges and counts of a group, shard by shard and page by page."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from asyncpg import Record

from shared.edges.audit import DriftedEdge, EdgeAudit, EdgeKey
from shared.edges.edges import REMOVED
from shared.edges.removed import RemovedEdges
from shared.edges.repair import EdgeRepair
from shared.errors import Unavailable
from shared.jobs.edge_doubts import IN, OUT, EdgeDoubts
from shared.jobs.metrics import EDGES_COMPARED, EDGES_REPAIRED
from shared.logs import get_logger
from shared.sharding.removal_rules import RemovalRules
from shared.sharding.shard_group import ShardGroup

_BEFORE_ALL = EdgeKey("", -1, -1)

# Uncertain edges wait for the end of the walk; edges beyond this number wait for the next walk.
_WAITING_MAX = 100_000

# Called after each page with its number of rows; False ends the walk.
GoOn = Callable[[int], Awaitable[bool]]

log = get_logger()


@dataclass
class PassReport:
    """What a walk found: `drift` by kind, `repaired` by kind and fault.

    `left_alone` counts unrepaired drift by fault, and `reasons` says why. Without reasons the walk
    compared everything and repaired all drift. `rows` counts the rows of edges that exist, per
    shard and side.
    """

    edges: int = 0
    counts: int = 0
    under_way: int = 0
    complete: bool = True
    kinds: set[str] = field(default_factory=set)
    drift: Counter[str] = field(default_factory=Counter)
    repaired: Counter[tuple[str, str]] = field(default_factory=Counter)
    left_alone: Counter[str] = field(default_factory=Counter)
    reasons: list[str] = field(default_factory=list)
    rows: Counter[tuple[int, str]] = field(default_factory=Counter)


class EdgePass:
    """Compares edges first and counts last, because repairing an edge changes counts.

    A missing or stale mirror is repaired at once. A mirror without a truth, or newer than it, is
    judged at the end. By then the doubts tell whether the truth's shard may have lost data. The
    walk also ends the rows of edges that were removed long ago.
    """

    def __init__(
        self,
        group: ShardGroup,
        quiet_s: float,
        go_on: GoOn,
        doubts: EdgeDoubts,
        rules: RemovalRules,
    ) -> None:
        self.report = PassReport()
        self._group = group
        self._audit = EdgeAudit(group, quiet_s)
        self._repair = EdgeRepair(group)
        self._removed = RemovedEdges(group, self._audit)
        self._go_on = go_on
        self._doubts = doubts
        self._rules = rules
        self._uncertain: dict[EdgeKey, DriftedEdge] = {}
        self._may_repair = True

    async def walk(self) -> PassReport:
        """Compare everything readable, and repair what is certain.

        Unreadable or doubtful parts stay as they are, and the report's `reasons` name them.
        """
        try:
            await self._doubts.look()
            await self._walk()
        except Unavailable as away:
            self._stop(f"the walk ended early: {away.detail.rstrip('.')}")
        self.report.reasons = self._doubts.sentences() + self.report.reasons
        return self.report

    async def _walk(self) -> None:
        steps = (self._compare_truths, self._compare_mirrors, self._compare_counts)
        for compare in steps:
            if compare == self._compare_counts:
                await self._recheck_uncertain()
            for shard in self._group.shards():
                if shard not in self._doubts.shards:
                    await compare(shard)
                if not self.report.complete:
                    return

    async def _compare_truths(self, shard: int) -> None:
        after = _BEFORE_ALL
        while page := await self._audit.page_of_truths(shard, after):
            after = _key(page[-1])
            self.report.edges += len(page)
            self.report.rows[shard, OUT] += _present(page)
            EDGES_COMPARED.labels(self._group.name).inc(len(page))
            trusted = [row for row in page if self._is_trusted(row["dst"])]
            await self._mend_edges(await self._audit.suspects_among_truths(trusted))
            await self._removed.forget_truths(shard, trusted)
            await self._mend_counts(shard, {(r["kind"], r["src"]) for r in page if r["uncounted"]})
            if not await self._paced(page):
                return
        await self._paced(())

    async def _compare_mirrors(self, shard: int) -> None:
        after = _BEFORE_ALL
        while page := await self._audit.page_of_mirrors(shard, after):
            after = _key(page[-1])
            self.report.rows[shard, IN] += _present(page)
            trusted = [row for row in page if self._is_trusted(row["src"])]
            await self._mend_edges(await self._audit.suspects_among_mirrors(trusted))
            await self._removed.forget_mirrors(shard, trusted)
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
            await self._removed.forget_counts(shard, page)
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
        # One line per page with one example: after a disaster every edge may have drifted.
        example = judged.drifted[0]
        log.warning(
            "edges drifted",
            group=self._group.name,
            count=len(judged.drifted),
            fault=example.fault,
            example=example.key._asdict(),
        )
        self._set_aside([edge for edge in judged.drifted if not edge.is_certain])
        await self._repair_edges([edge for edge in judged.drifted if edge.is_certain])

    def _set_aside(self, edges: Sequence[DriftedEdge]) -> None:
        for edge in edges:
            if len(self._uncertain) < _WAITING_MAX:
                self._uncertain[edge.key] = edge
            else:
                self.report.left_alone[edge.fault] += 1

    async def _recheck_uncertain(self) -> None:
        """Judge the uncertain edges at the end of the walk; their repair may remove something."""
        if not self._uncertain:
            return
        edges = list(self._uncertain.values())
        await self._doubts.look_again(edges)
        kept = [edge for edge in edges if not self._is_trusted(edge.key.src)]
        self.report.left_alone.update(edge.fault for edge in kept)
        trusted = [edge.key for edge in edges if self._is_trusted(edge.key.src)]
        if trusted:
            # Minutes may have passed since these edges were read.
            judged = await self._audit.judge(trusted)
            await self._repair_edges(judged.drifted)

    async def _repair_edges(self, edges: Sequence[DriftedEdge]) -> None:
        if not edges:
            return
        done = sum(n for (_kind, fault), n in self.report.repaired.items() if fault != "count")
        known = self._doubts.edges_expected or self.report.edges
        if not self._allow(done + len(edges), max(known, self.report.edges), "edges"):
            self.report.left_alone.update(edge.fault for edge in edges)
            return
        for edge in await self._repair.mend_edges(edges):
            self._note_repair(edge.key.kind, edge.fault)

    async def _mend_counts(self, shard: int, wrong: set[tuple[str, int]]) -> None:
        if not wrong:
            return
        self.report.drift.update(kind for kind, _node in wrong)
        log.warning(
            "edges miscounted", group=self._group.name, count=len(wrong), example=min(wrong)
        )
        done = self.report.repaired.total()
        # Each repaired edge may have left a wrong count at both of its ends.
        edges_done = sum(n for (_, fault), n in self.report.repaired.items() if fault != "count")
        if not self._allow(done + len(wrong) - 3 * edges_done, self.report.counts, "counts"):
            self.report.left_alone["count"] += len(wrong)
            return
        for kind, node in sorted(wrong):
            if await self._repair.mend_count(shard, kind, node):
                self._note_repair(kind, "count")

    def _allow(self, count: int, of_all: int, what: str) -> bool:
        if self._may_repair and not self._rules.allow(count, of_all):
            self._may_repair = False
            self.report.reasons.append(
                f"more than {self._rules.most_of(of_all)} of {of_all} {what} would have to be"
                " repaired, which is no drift: was a primary replaced, or an older copy put back?"
            )
        return self._may_repair

    def _is_trusted(self, node: int) -> bool:
        return self._group.shard_of(node) not in self._doubts.shards

    def _stop(self, reason: str) -> None:
        self.report.complete = False
        self.report.reasons.append(reason)

    def _note_repair(self, kind: str, fault: str) -> None:
        self.report.repaired[kind, fault] += 1
        EDGES_REPAIRED.labels(self._group.name, kind, fault).inc()

    async def _paced(self, page: Sequence[Record]) -> bool:
        self.report.kinds.update(row["kind"] for row in page)
        self.report.complete = await self._go_on(len(page))
        return self.report.complete


def _key(row: Record) -> EdgeKey:
    return EdgeKey(row["kind"], row["src"], row["dst"])


def _present(page: Sequence[Record]) -> int:
    return sum(row["state"] != REMOVED for row in page)


def _is_wrong(row: Record) -> bool:
    counted, there = (row["in_count"], row["out_count"]), (row["in_edges"], row["out_edges"])
    return bool(counted != there)
