"""Edges that cross shards: one mechanism for follows, likes and similar relations.

The row in the source's shard is the truth. The list and the count in the target's shard are a
mirror. It is written right after the commit as a best effort, else by the outbox relay.
"""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from shared.cursors import ID_MAX, DottedCursorShape, Number
from shared.edges.batches import EdgeBatches
from shared.edges.mirror import TOPIC, EdgeChange
from shared.errors import Unavailable
from shared.sharding.shard_group import EdgeEnds, ShardGroup
from shared.sharding.transaction import Transaction
from shared.sql_files import Query, load_queries
from shared.tracing.frames import carried

_SQL = load_queries(Path(__file__).with_suffix(".sql"))

ACTIVE = "active"
REMOVED = "removed"

# The version of the page's last edge, and the id of its other end.
_CURSOR = DottedCursorShape(Number(), Number())


@dataclass(frozen=True, slots=True)
class EdgeState:
    """The present state of an edge; `changed` tells whether this call changed it.

    An edge that never existed has the state "removed" and the version 0.
    """

    state: str
    version: int
    changed: bool


@dataclass(frozen=True, slots=True)
class EdgePage:
    """Ids of the other ends, newest edge first; `next_cursor` is None on the last page.

    `versions` has the version of each edge, in the order of the ids.
    """

    ids: list[int]
    next_cursor: str | None
    versions: list[int]


@dataclass(frozen=True, slots=True)
class EdgeCounts:
    """How many active edges end (`in`) and begin (`out`) at a node."""

    in_count: int = 0
    out_count: int = 0


class Edges:
    """All edges of one kind in a group; from `src` to `dst`, both of them ids."""

    def __init__(self, group: ShardGroup, kind: str) -> None:
        self._group = group
        self._kind = kind
        self._mirror = EdgeBatches(group)

    async def put(
        self,
        src: int,
        dst: int,
        state: str = ACTIVE,
        *,
        tx: Transaction | None = None,
        replacing: Sequence[str] | None = None,
    ) -> EdgeState:
        """Give an edge a state; putting the same state again changes nothing.

        `tx` makes the change part of a transaction in `src`'s shard. `replacing` names the states
        that may be replaced; "removed" also stands for an edge that never existed. Several edges in
        one transaction must be put in ascending order, or two transactions may deadlock.
        """
        if tx is not None:
            return await self._put(tx, src, dst, state, replacing)
        async with self._group.writer(self._group.shard_of(src)) as own_tx:
            return await self._put(own_tx, src, dst, state, replacing)

    async def remove(self, src: int, dst: int, *, tx: Transaction | None = None) -> EdgeState:
        """Remove an edge; removing an edge that does not exist changes nothing."""
        return await self.put(src, dst, REMOVED, tx=tx)

    async def states(self, src: int, dsts: Iterable[int]) -> dict[int, str]:
        """Map targets to the states of the edges from `src`, without removed edges."""
        return await self._states(_SQL["states_of_targets"], src, dsts)

    async def states_in(self, dst: int, srcs: Iterable[int]) -> dict[int, str]:
        """Map sources to the mirrored states of the edges to `dst`, without removed edges."""
        return await self._states(_SQL["states_of_sources"], dst, srcs)

    async def page_of_targets(self, src: int, *, limit: int, cursor: str | None) -> EdgePage:
        """Return the targets of active edges from `src`; raises Invalid for a bad cursor."""
        return await self._page(_SQL["page_of_targets"], src, limit, cursor)

    async def page_of_sources(self, dst: int, *, limit: int, cursor: str | None) -> EdgePage:
        """Return the sources of active edges to `dst`; raises Invalid for a bad cursor."""
        return await self._page(_SQL["page_of_sources"], dst, limit, cursor)

    async def page_of_sources_of_any(
        self, dsts: Sequence[int], *, limit: int, cursor: str | None
    ) -> EdgePage:
        """Merge the sources of several nodes into one page; costs a statement per node."""
        if len(dsts) == 1:
            return await self.page_of_sources(dsts[0], limit=limit, cursor=cursor)
        pages = await asyncio.gather(
            *(self.page_of_sources(dst, limit=limit, cursor=cursor) for dst in dsts)
        )
        ends = {end for page in pages for end in zip(page.versions, page.ids, strict=True)}
        kept = sorted(ends, reverse=True)[:limit]
        more = len(ends) > limit or any(page.next_cursor is not None for page in pages)
        return EdgePage(
            [id_ for _version, id_ in kept],
            _CURSOR.encode(*kept[-1]) if more and kept else None,
            [version for version, _id in kept],
        )

    async def page_above_source(
        self, dsts: Sequence[int], src: int, *, limit: int, cursor: str | None
    ) -> EdgePage | None:
        """Return the edges to any of the nodes right above the edge from `src`, or the cursor.

        The page is newest first, and `next_cursor` leads upwards. The result is None if there is
        neither a cursor nor an active edge from `src`. Raises Invalid for a bad cursor.
        """
        if cursor is None:
            versions = await asyncio.gather(*(self._version_of_source(dst, src) for dst in dsts))
            known = [version for version in versions if version is not None]
            if not known:
                return None
            # The lowest version: a client may get an entry twice, but never misses one.
            start = (min(known), src)
        else:
            start = _CURSOR.decode(cursor)
        pages = await asyncio.gather(*(self._ends_above(dst, start, limit + 1) for dst in dsts))
        ends = sorted({end for page in pages for end in page})
        kept = ends[:limit][::-1]
        return EdgePage(
            [id_ for _version, id_ in kept],
            _CURSOR.encode(*kept[0]) if len(ends) > limit else None,
            [version for version, _id in kept],
        )

    async def target_ids(self, src: int, *, after: int, limit: int) -> list[int]:
        """Return the targets of active edges from `src` above `after`, in ascending order."""
        return await self._ids(_SQL["target_ids"], src, after, limit)

    async def source_ids(self, dst: int, *, after: int, limit: int) -> list[int]:
        """Return the sources of active edges to `dst` above `after`, in ascending order."""
        return await self._ids(_SQL["source_ids"], dst, after, limit)

    async def counts(self, ids: Iterable[int]) -> dict[int, EdgeCounts]:
        """Map every node to its counts, zero for unknown ids; one statement per primary."""
        wanted = list(ids)
        if not wanted:
            return {}
        rows = await self._group.rows_across(
            _SQL["counts"],
            {self._group.shard_of(node) for node in wanted},
            kind=self._kind,
            ids=wanted,
        )
        found = {row["node"]: EdgeCounts(row["in_count"], row["out_count"]) for row in rows}
        return {node: found.get(node, EdgeCounts()) for node in wanted}

    async def _put(
        self, tx: Transaction, src: int, dst: int, state: str, replacing: Sequence[str] | None
    ) -> EdgeState:
        row = await tx.row(
            _SQL["put_edge"],
            kind=self._kind,
            src=src,
            dst=dst,
            state=state,
            replacing=None if replacing is None else list(replacing),
            topic=TOPIC,
            request_id=carried(),
        )
        if row is None:
            present = await tx.row(_SQL["find_edge"], kind=self._kind, src=src, dst=dst)
            if present is None:
                return EdgeState(REMOVED, 0, changed=False)
            return EdgeState(present["state"], present["version"], changed=False)
        change = EdgeChange(self._kind, src, dst, state, row["version"])
        tx.after_commit.append(partial(self._say_now, change))
        tx.after_commit.append(partial(self._mirror_now, tx.shard, change, row["position"]))
        return EdgeState(state, row["version"], changed=True)

    async def _say_now(self, change: EdgeChange) -> None:
        # The writer reads next and must not wait for the mirror, so caches are told now. The mirror
        # tells them again, because others read its list and count.
        with suppress(Unavailable):
            await self._group.say_changed([EdgeEnds(change.kind, change.src, change.dst)])

    async def _mirror_now(self, shard: int, change: EdgeChange, position: int) -> None:
        try:
            await self._mirror.mirror(change, shard, position)
        except Unavailable:
            # Other viewers see the change later: the relay delivers the event from the outbox.
            self._group.wake_ups.outbox(self._group.primary_node(shard), shard)

    async def _states(self, query: Query, node: int, ids: Iterable[int]) -> dict[int, str]:
        reader = self._group.reader(self._group.shard_of(node))
        rows = await reader.rows(query, kind=self._kind, node=node, ids=list(ids))
        return {row["id"]: row["state"] for row in rows}

    async def _page(self, query: Query, node: int, limit: int, cursor: str | None) -> EdgePage:
        version, id_ = (ID_MAX, ID_MAX) if cursor is None else _CURSOR.decode(cursor)
        reader = self._group.reader(self._group.shard_of(node))
        rows = await reader.rows(
            query, kind=self._kind, node=node, version=version, id=id_, limit=limit + 1
        )
        more = len(rows) > limit
        last = rows[limit - 1] if more else None
        return EdgePage(
            [row["id"] for row in rows[:limit]],
            None if last is None else _CURSOR.encode(last["version"], last["id"]),
            [row["version"] for row in rows[:limit]],
        )

    async def _version_of_source(self, dst: int, src: int) -> int | None:
        reader = self._group.reader(self._group.shard_of(dst))
        row = await reader.row(_SQL["version_of_source"], kind=self._kind, node=dst, id=src)
        return None if row is None else row["version"]

    async def _ends_above(
        self, dst: int, start: tuple[int, int], limit: int
    ) -> list[tuple[int, int]]:
        reader = self._group.reader(self._group.shard_of(dst))
        version, id_ = start
        rows = await reader.rows(
            _SQL["page_of_sources_above"],
            kind=self._kind,
            node=dst,
            version=version,
            id=id_,
            limit=limit,
        )
        return [(row["version"], row["id"]) for row in rows]

    async def _ids(self, query: Query, node: int, after: int, limit: int) -> list[int]:
        reader = self._group.reader(self._group.shard_of(node))
        rows = await reader.rows(query, kind=self._kind, node=node, after=after, limit=limit)
        return [row["id"] for row in rows]


async def targets_by_kind(
    group: ShardGroup, kinds: Sequence[str], src: int, dsts: Iterable[int]
) -> dict[str, frozenset[int]]:
    """Map each kind to those of `dsts` that an active edge from `src` reaches; one statement."""
    rows = await group.reader(group.shard_of(src)).rows(
        _SQL["targets_by_kind"], kinds=list(kinds), node=src, ids=list(dsts)
    )
    return {kind: frozenset(row["id"] for row in rows if row["kind"] == kind) for kind in kinds}


async def newest_targets_by_kind(
    group: ShardGroup, kinds: Sequence[str], src: int, limit: int
) -> dict[str, list[int]]:
    """Map each kind to the `limit` highest target ids of active edges; one statement."""
    rows = await group.reader(group.shard_of(src)).rows(
        _SQL["newest_targets_by_kind"], kinds=list(kinds), node=src, limit=limit
    )
    return {kind: [row["id"] for row in rows if row["kind"] == kind] for kind in kinds}
