"""Edges that cross shards: one mechanism for follow, like and their kin.

The row in the shard where an edge begins is the truth. What others see of it, the list and the
count where it ends, is mirrored: right after the commit as a best effort, else by the relay.
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
from shared.logs import request_id
from shared.sharding.shard_group import EdgeEnds, ShardGroup
from shared.sharding.transaction import Transaction
from shared.sql_files import Query, load_queries

_SQL = load_queries(Path(__file__).with_suffix(".sql"))

ACTIVE = "active"
REMOVED = "removed"

# The version of the last edge of the page, and the id at its other end.
_CURSOR = DottedCursorShape(Number(), Number())


@dataclass(frozen=True, slots=True)
class EdgeState:
    """What an edge is now; `changed` tells whether this call made it so.

    An edge that never was has the state "removed" and the version 0.
    """

    state: str
    version: int
    changed: bool


@dataclass(frozen=True, slots=True)
class EdgePage:
    """Ids of the other ends, newest edge first; `next_cursor` continues, None ends.

    `versions` are those of the edges, in the order of the ids.
    """

    ids: list[int]
    next_cursor: str | None
    versions: list[int]


@dataclass(frozen=True, slots=True)
class EdgeCounts:
    """How many active edges end and begin at a node."""

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
        """Give an edge a state; the same again changes nothing.

        `tx` makes it part of a transaction in `src`'s shard. `replacing` names the states that
        may be replaced ("removed" stands for none): in any other the edge stays as it is.
        Several edges in one transaction go in ascending order, or two such may deadlock.
        """
        if tx is not None:
            return await self._put(tx, src, dst, state, replacing)
        async with self._group.writer(self._group.shard_of(src)) as own_tx:
            return await self._put(own_tx, src, dst, state, replacing)

    async def remove(self, src: int, dst: int, *, tx: Transaction | None = None) -> EdgeState:
        """Take an edge away; one that is not there is fine."""
        return await self.put(src, dst, REMOVED, tx=tx)

    async def states(self, src: int, dsts: Iterable[int]) -> dict[int, str]:
        """The states of the edges from one node, which are the truth; removed ones left out."""
        return await self._states(_SQL["states_of_targets"], src, dsts)

    async def states_in(self, dst: int, srcs: Iterable[int]) -> dict[int, str]:
        """The states of the edges to one node, as mirrored there; removed ones left out."""
        return await self._states(_SQL["states_of_sources"], dst, srcs)

    async def page_of_targets(self, src: int, *, limit: int, cursor: str | None) -> EdgePage:
        """Where active edges from `src` lead; raises Invalid for a cursor that is not ours."""
        return await self._page(_SQL["page_of_targets"], src, limit, cursor)

    async def page_of_sources(self, dst: int, *, limit: int, cursor: str | None) -> EdgePage:
        """Where active edges to `dst` come from; raises Invalid for a cursor that is not ours."""
        return await self._page(_SQL["page_of_sources"], dst, limit, cursor)

    async def page_of_sources_of_any(
        self, dsts: Sequence[int], *, limit: int, cursor: str | None
    ) -> EdgePage:
        """The same for a few nodes together, as if they were one."""
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
        """The edges to any of the nodes right above the one from `src`, or above the cursor.

        The newest first; `next_cursor` leads upwards. None where no cursor is given and no edge
        from `src` is there. Raises Invalid for a cursor that is not ours.
        """
        if cursor is None:
            versions = await asyncio.gather(*(self._version_of_source(dst, src) for dst in dsts))
            known = [version for version in versions if version is not None]
            if not known:
                return None
            # The lower one: a client may be told of a post twice, and never misses one.
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
        """The ends of active edges from `src` in ascending order, those above `after`."""
        return await self._ids(_SQL["target_ids"], src, after, limit)

    async def source_ids(self, dst: int, *, after: int, limit: int) -> list[int]:
        """The beginnings of active edges to `dst` in ascending order, those above `after`."""
        return await self._ids(_SQL["source_ids"], dst, after, limit)

    async def counts(self, ids: Iterable[int]) -> dict[int, EdgeCounts]:
        """The counts of many nodes, each of them present; one statement per primary."""
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
            request_id=request_id.get(),
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
        # Before the mirror, which may take its time: who wrote reads it next. Said again there.
        with suppress(Unavailable):
            await self._group.say_changed([EdgeEnds(change.kind, change.src, change.dst)])

    async def _mirror_now(self, shard: int, change: EdgeChange, position: int) -> None:
        try:
            await self._mirror.mirror(change, shard, position)
        except Unavailable:
            # Others see the change later: the relay finds the event in the outbox.
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
    """For each kind, those of the ids to which an active edge leads: one statement for all."""
    rows = await group.reader(group.shard_of(src)).rows(
        _SQL["targets_by_kind"], kinds=list(kinds), node=src, ids=list(dsts)
    )
    return {kind: frozenset(row["id"] for row in rows if row["kind"] == kind) for kind in kinds}


async def newest_targets_by_kind(
    group: ShardGroup, kinds: Sequence[str], src: int, limit: int
) -> dict[str, list[int]]:
    """For each kind, the highest `limit` ids to which active edges lead: one statement for all."""
    rows = await group.reader(group.shard_of(src)).rows(
        _SQL["newest_targets_by_kind"], kinds=list(kinds), node=src, limit=limit
    )
    return {kind: [row["id"] for row in rows if row["kind"] == kind] for kind in kinds}
