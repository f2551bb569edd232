"""Finds the shards that an edge pass must not repair, and the row counts it may expect."""

from collections.abc import Collection, Iterable, Mapping

from shared.edges.audit import DriftedEdge
from shared.ids import created_ms
from shared.sharding.doubts import (
    Doubt,
    Witness,
    can_be_declared_lost,
    clock_doubts,
    doubts_of,
    sentences,
)
from shared.sharding.expected_rows import Expected, note_expected, read_expected
from shared.sharding.group_facts import facts_of
from shared.sharding.shard_group import ShardGroup

# Rows of removed edges end by themselves, so they are not counted.
OUT, IN = "edges_out", "edges_in"
_COUNTED = {
    OUT: "edge_out WHERE state <> 'removed'",
    IN: "edge_in WHERE state <> 'removed'",
}


class EdgeDoubts:
    """The doubts about a group, checked before a walk and again before anything is removed."""

    def __init__(self, group: ShardGroup, lost: Collection[str]) -> None:
        self._group = group
        self._lost = lost
        self._expected: Expected = {}
        self._doubts: list[Doubt] = []
        self._clocks: list[str] = []
        self.shards: frozenset[int] = frozenset()

    @property
    def edges_expected(self) -> int:
        """How many edges the last good walk counted; 0 before the first."""
        return sum(rows for (_, what), rows in self._expected.items() if what == OUT)

    def sentences(self) -> list[str]:
        """Return why shards are left alone, and what an operator can do about it."""
        said = self._clocks + sentences(self._group.name, self._doubts)
        names = can_be_declared_lost(self._doubts)
        if names:
            said.append(
                f"put {' and '.join(names)} back if you can; if what is missing is lost for good,"
                f" LOST={','.join(names)} says so"
            )
        return said

    async def look(self) -> None:
        """Ask all primaries which shards they hold, and count the edges there."""
        self._expected = await read_expected(self._group)
        await self._ask(())

    async def look_again(self, uncertain: Iterable[DriftedEdge]) -> None:
        """Ask again; each uncertain mirror is a witness of what its truth's shard once held."""
        await self._ask([_witness(self._group, edge) for edge in uncertain])

    async def note(self, rows: Mapping[tuple[int, str], int]) -> None:
        """Store the counts of a good walk, which later walks expect."""
        every = ((shard, table) for shard in self._group.shards() for table in _COUNTED)
        await note_expected(self._group, {key: rows.get(key, 0) for key in every})

    async def _ask(self, witnesses: Collection[Witness]) -> None:
        facts = await facts_of(self._group, counted=_COUNTED)
        self._clocks = clock_doubts(facts, {})
        found = doubts_of(facts, self._expected, lost=self._lost, witnesses=witnesses)
        self._doubts = list(dict.fromkeys([*self._doubts, *found]))
        # A wrong clock makes young changes look old, so all shards are in doubt.
        every = self._group.shards() if self._clocks else ()
        self.shards = frozenset([*every, *(doubt.shard for doubt in self._doubts)])


def _witness(group: ShardGroup, edge: DriftedEdge) -> Witness:
    # The shard of the edge's source made the mirror's version.
    version = 0 if edge.mirror is None else edge.mirror.version
    made_ms = created_ms(version)
    return Witness(group.shard_of(edge.key.src), made_ms / 1000, made_ms)
