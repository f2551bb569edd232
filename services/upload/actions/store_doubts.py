"""Reasons why a sweep or comparison of the store must not trust an absence."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from services.upload.actions.list_store import StoreListing, store_clock
from services.upload.store.objects import Objects
from shared.sharding.doubts import (
    FEWER_ON_PRIMARY,
    Doubt,
    Kind,
    PrimaryFacts,
    can_be_declared_lost,
    clock_doubts,
    doubts_of,
    is_loss,
    sentences,
    shards_text,
)
from shared.sharding.expected_rows import WHOLE_GROUP, Expected, note_expected, read_expected
from shared.sharding.group_facts import facts_of
from shared.sharding.removal_rules import RemovalRules
from shared.sharding.shard_group import ShardGroup

PHOTO = "photo"
OBJECTS = "objects"

# One statement spans all shards of a primary, so a missing shard blinds the others.
_BLINDING = {Kind.AWAY, Kind.STANDBY, Kind.LACKING}


@dataclass(slots=True)
class StoreDoubts:
    """What primaries and store answered, and the doubts that follow."""

    group: str
    lost: Collection[str] = frozenset()
    primaries: list[PrimaryFacts] = field(default_factory=list)
    expected: Expected = field(default_factory=dict)
    doubts: list[Doubt] = field(default_factory=list)
    clocks: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.doubts or self.clocks)

    @property
    def blind_shards(self) -> frozenset[int]:
        """Shards that cannot be asked, including the others on a primary with a missing one."""
        blind = {doubt.primary for doubt in self.doubts if doubt.kind in _BLINDING}
        return frozenset(
            shard for primary in self.primaries if primary.name in blind for shard in primary.shards
        )

    def sentences(self) -> list[str]:
        """The doubts in words, and what an operator can do about them."""
        said = self.clocks + sentences(self.group, self.doubts)
        names = can_be_declared_lost(self.doubts)
        if names and not self.clocks:
            said.append(
                f"put {' and '.join(names)} back if you can; if what is missing is lost for good,"
                f" LOST={','.join(names)} says so"
            )
        return said

    def photos(self) -> dict[int, int]:
        """The number of photos in each shard that was counted."""
        return {
            shard: facts.rows[PHOTO]
            for primary in self.primaries
            for shard, facts in primary.held.items()
            if PHOTO in facts.rows
        }

    def objects_of(self, listing: StoreListing) -> int:
        """The number of all objects, by this listing or the last good one, whichever is higher."""
        return max(listing.objects.total(), self.expected.get((WHOLE_GROUP, OBJECTS), 0))


async def doubts_before(
    group: ShardGroup, objects: Objects, lost: Collection[str], *, counted: bool
) -> StoreDoubts:
    """Ask the primaries and the store before anything else; `counted` adds the photos."""
    found = StoreDoubts(group.name, lost)
    found.expected = await read_expected(group)
    found.primaries = await facts_of(group, counted={PHOTO: PHOTO} if counted else {})
    found.doubts = doubts_of(found.primaries, found.expected, lost=lost)
    found.clocks = clock_doubts(found.primaries, {})
    if not found:
        # A store refuses requests signed by a wrong clock, and would tell nothing.
        found.clocks = clock_doubts((), {"the store": await objects.clock_ahead_s()})
    return found


async def doubts_after(
    group: ShardGroup, objects: Objects, listing: StoreListing, lost: Collection[str]
) -> StoreDoubts:
    """Ask again: the listing has given more evidence, and photos are counted."""
    found = await doubts_before(group, objects, lost, counted=True)
    found.doubts = doubts_of(
        found.primaries, found.expected, lost=lost, witnesses=listing.witnesses
    )
    ahead_s = store_clock(listing, await objects.clock_ahead_s())
    found.clocks = clock_doubts(found.primaries, {"the store": ahead_s})
    return found


async def note_good_listing(group: ShardGroup, doubts: StoreDoubts, listing: StoreListing) -> None:
    """Store the numbers of photos and objects for the next listing to expect."""
    photos = {(shard, PHOTO): count for shard, count in doubts.photos().items()}
    await note_expected(group, {**photos, (WHOLE_GROUP, OBJECTS): listing.objects.total()})


def too_many(
    doubts: StoreDoubts, listing: StoreListing, orphans: int, rules: RemovalRules
) -> list[str]:
    """Sentences if there are more orphans than ordinary faults leave, and where they are."""
    of_all = doubts.objects_of(listing)
    if rules.allow(orphans, of_all):
        return []
    return [
        f"{orphans} of {of_all} objects are orphans; {rules.most_of(of_all)} are no surprise",
        *probable_causes(doubts, listing.orphans, listing.objects, rules),
        "GO=1 goes on if you know the cause",
    ]


def probable_causes(
    doubts: StoreDoubts,
    wrong: Mapping[int, int],
    of_all: Mapping[int, int],
    rules: RemovalRules,
) -> list[str]:
    """A sentence for each primary with more orphans than ordinary faults leave."""
    said = []
    for primary in doubts.primaries:
        orphans, objects = (
            sum(n.get(shard, 0) for shard in primary.shards) for n in (wrong, of_all)
        )
        if rules.may_exceed or orphans <= rules.most_of(objects):
            continue
        facts = [primary.held[shard] for shard in primary.shards if shard in primary.held]
        photos = sum(of_shard.rows.get(PHOTO, 0) for of_shard in facts)
        shards = [shard for shard in primary.shards if wrong.get(shard)]
        said.append(
            f"{orphans} of {objects} objects on {primary.name} are orphans:"
            f" {shards_text(shards, doubts.group)} where they belong, and {primary.name} holds"
            f" {photos} photos: was it replaced, or an older copy put back?"
        )
    return said


def store_losses(doubts: StoreDoubts, listing: StoreListing) -> list[str]:
    """A sentence if the store lists far fewer objects than the last good listing."""
    then, now = doubts.expected.get((WHOLE_GROUP, OBJECTS), 0), listing.objects.total()
    if not is_loss(now, then, *FEWER_ON_PRIMARY):
        return []
    sentence = (
        f"the store lists {now} objects, and had {then} at the last good look: was its folder"
        " lost, or is this another bucket?"
    )
    return [sentence]
