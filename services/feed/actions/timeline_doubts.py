"""Decides whether a post that only timelines name may be lost rather than withdrawn."""

from collections.abc import Collection, Iterable

from shared.ids import created_ms
from shared.sharding.doubts import (
    Doubt,
    PrimaryFacts,
    Witness,
    can_be_declared_lost,
    doubts_of,
    sentences,
)
from shared.sharding.expected_rows import WHOLE_GROUP, Expected, note_expected, read_expected
from shared.sharding.group_facts import facts_of
from shared.sharding.removal_rules import RemovalRules
from shared.sharding.shard_group import ShardGroup

_POST = "post"
_READERS = "timelines"


class TimelineDoubts:
    """Asks all primaries once, and learns from each post that a timeline names."""

    def __init__(self, group: ShardGroup, rules: RemovalRules) -> None:
        self.rules = rules
        self._group = group
        self._primaries: list[PrimaryFacts] = []
        self._expected: Expected = {}
        self._doubts: dict[Doubt, None] = {}

    async def check(self) -> None:
        """Read what the primaries hold, and count their posts."""
        self._expected = await read_expected(self._group)
        self._primaries = await facts_of(self._group, counted={_POST: _POST})
        self._learn(())

    def lost_among(self, post_ids: Iterable[int]) -> list[int]:
        """Of posts that Postgres lacks, those in shards that may have lost them."""
        gone = list(post_ids)
        self._learn([_witness(self._group, post_id) for post_id in gone])
        shards = {doubt.shard for doubt in self._doubts}
        return [post_id for post_id in gone if self._group.shard_of(post_id) in shards]

    def sentences(self) -> list[str]:
        """The doubts in words, and what an operator can do about them."""
        said = sentences(self._group.name, self._doubts)
        names = can_be_declared_lost(self._doubts)
        if names:
            said.append(
                f"put {' and '.join(names)} back if you can; if what is missing is lost for good,"
                f" LOST={','.join(names)} says so"
            )
        return said

    def fewer_readers(self, readers: int) -> str | None:
        """A sentence if the last good audit found timelines and there are none now."""
        then = self._expected.get((WHOLE_GROUP, _READERS), 0)
        if readers or not then:
            return None
        return (
            f"there were {then} timelines at the last good look: was Redis emptied? Nothing is"
            " lost by that: each is rebuilt when it is read"
        )

    async def note(self, readers: int) -> None:
        """Store what a good audit found, for the next one to expect."""
        posts = {
            (shard, _POST): facts.rows[_POST]
            for primary in self._primaries
            for shard, facts in primary.held.items()
            if _POST in facts.rows
        }
        await note_expected(self._group, {**posts, (WHOLE_GROUP, _READERS): readers})

    def _learn(self, witnesses: Collection[Witness]) -> None:
        found = doubts_of(
            self._primaries, self._expected, lost=self.rules.lost, witnesses=witnesses
        )
        self._doubts |= dict.fromkeys(found)


def _witness(group: ShardGroup, post_id: int) -> Witness:
    made_ms = created_ms(post_id)
    return Witness(group.shard_of(post_id), made_ms / 1000, made_ms)
