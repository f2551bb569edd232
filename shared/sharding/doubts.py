"""Decides from facts which shards may have lost data, and explains it in sentences."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from shared.ids import EPOCH_MS

# Clocks of maintained machines agree within milliseconds. An error of an hour would make a young
# object look old.
CLOCK_SECONDS_MAX = 300.0

# Missing rows (at least, fraction) that count as a loss. People delete accounts and photos, but
# between two good walks not half of a shard or a tenth of a large primary.
FEWER_IN_SHARD = (10, 0.5)
FEWER_ON_PRIMARY = (100, 0.1)

# A version may be slightly above the id clock: a second change in a millisecond adds one to it.
_FORGOTTEN_MARGIN_MS = 1_000
# A shard issues its first id after it was created; the margin is for a clock that was corrected.
_BIRTH_MARGIN_S = 60.0


@dataclass(frozen=True, slots=True)
class ShardFacts:
    """A primary's facts about one shard: its creation, its last id, and its rows per table.

    `born_s` is Unix time in seconds, and `newest_ms` is Unix time in milliseconds.
    """

    born_s: float
    newest_ms: int
    rows: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_untouched(self) -> bool:
        """Whether the shard has never issued an id, so that it is no source of data."""
        return self.newest_ms <= EPOCH_MS


@dataclass(frozen=True, slots=True)
class PrimaryFacts:
    """One primary: `shards` as the shard map says, `held` as its catalogue says.

    `fault` says why the primary could not be asked.
    """

    name: str
    shards: tuple[int, ...]
    held: Mapping[int, ShardFacts] = field(default_factory=dict)
    fault: str | None = None
    is_standby: bool = False
    clock_ahead_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Witness:
    """Something stored elsewhere that a shard must have known, with its time of creation.

    `id_ms` is the time in its id if the shard issued that id, else None.
    """

    shard: int
    made_s: float
    id_ms: int | None = None


class Kind(Enum):
    """Why a shard is in doubt; the values are format strings."""

    AWAY = "{primary} could not be asked ({other})"
    STANDBY = "{primary} is a standby and not the primary that the shard map names"
    LACKING = "{primary} does not hold them, although the shard map says so"
    TWICE = "{primary} and {other} both hold them: was a shard map lost, or were ranges edited?"
    FEWER = (
        "{primary} holds {rows} rows of {other} there, and {expected} at the last good look:"
        " was a primary replaced, or an older copy put back?"
    )
    BORN_LATER = (
        "{primary} made them anew after {rows} things were kept elsewhere that belong to them:"
        " was a primary replaced by an empty one?"
    )
    FORGOTTEN = (
        "{rows} things kept elsewhere have ids that {primary} has not given out yet:"
        " was an older copy put back?"
    )


# An operator may declare these losses final. Doubts of other kinds must be repaired.
_LOSSES = {Kind.FEWER, Kind.BORN_LATER, Kind.FORGOTTEN}


@dataclass(frozen=True, slots=True)
class Doubt:
    """One reason to doubt one shard; `sentences` adds up `rows` and `expected` per primary."""

    shard: int
    primary: str
    kind: Kind
    other: str = ""
    rows: int = 0
    expected: int = 0


def doubts_of(
    primaries: Sequence[PrimaryFacts],
    expected: Mapping[tuple[int, str], int],
    *,
    lost: Collection[str] = (),
    witnesses: Iterable[Witness] = (),
) -> list[Doubt]:
    """Return all reasons to doubt shards; `lost` names primaries whose losses are accepted.

    `expected` has the rows per (shard, table) of the last good walk. Only tables that it names and
    that were counted now are compared.
    """
    found: list[Doubt] = []
    for primary in primaries:
        found += _unreachable(primary)
        if primary.name not in lost:
            found += _fewer(primary, expected)
    found += _twice(primaries)
    found += (doubt for doubt in _by_witnesses(primaries, witnesses) if doubt.primary not in lost)
    return found


def clock_doubts(primaries: Iterable[PrimaryFacts], others: Mapping[str, float]) -> list[str]:
    """Return a sentence per clock that differs from ours; `others` maps names to seconds ahead."""
    ahead = {primary.name: primary.clock_ahead_s for primary in primaries if not primary.fault}
    return [
        f"the clock of {name} is {_duration(abs(seconds))}"
        f" {'ahead of' if seconds > 0 else 'behind'} this process's: set the clocks right first"
        for name, seconds in [*ahead.items(), *others.items()]
        if abs(seconds) > CLOCK_SECONDS_MAX
    ]


def sentences(group: str, doubts: Iterable[Doubt]) -> list[str]:
    """Return a sentence per kind of doubt and primary, with the rows of its shards added up."""
    together: dict[tuple[str, Kind, str], list[Doubt]] = defaultdict(list)
    for doubt in doubts:
        together[doubt.primary, doubt.kind, doubt.other].append(doubt)
    return [
        f"{shards_text({doubt.shard for doubt in alike}, group)} in doubt: "
        + kind.value.format(
            primary=primary,
            other=other,
            rows=sum(doubt.rows for doubt in alike),
            expected=sum(doubt.expected for doubt in alike),
        )
        for (primary, kind, other), alike in together.items()
    ]


def can_be_declared_lost(doubts: Iterable[Doubt]) -> list[str]:
    """Return the primaries whose losses an operator may accept; none if any doubt needs repair."""
    all_of_them = list(doubts)
    if any(doubt.kind not in _LOSSES for doubt in all_of_them):
        return []
    return sorted({doubt.primary for doubt in all_of_them})


def shards_text(shards: Collection[int], group: str = "") -> str:
    """Return the start of a sentence: `shards 0 to 3 and 7 of users are` or `shard 5 is`."""
    spans = [str(first) if first == last else f"{first} to {last}" for first, last in _runs(shards)]
    text = ", ".join(spans[:-1]) + (" and " if len(spans) > 1 else "") + spans[-1]
    of = f" of {group}" if group else ""
    return f"shards {text}{of} are" if len(shards) > 1 else f"shard {text}{of} is"


def _runs(shards: Collection[int]) -> Iterator[tuple[int, int]]:
    first = last = -2
    for shard in sorted(shards):
        if shard != last + 1:
            if first >= 0:
                yield first, last
            first = shard
        last = shard
    yield first, last


def _unreachable(primary: PrimaryFacts) -> Iterator[Doubt]:
    for shard in primary.shards:
        if primary.fault is not None:
            yield Doubt(shard, primary.name, Kind.AWAY, primary.fault)
        elif primary.is_standby:
            yield Doubt(shard, primary.name, Kind.STANDBY)
        elif shard not in primary.held:
            yield Doubt(shard, primary.name, Kind.LACKING)


def _twice(primaries: Sequence[PrimaryFacts]) -> Iterator[Doubt]:
    """Yield shards that two primaries hold; a second copy that was never written to is harmless."""
    for primary in primaries:
        for shard in primary.shards:
            for other in primaries:
                rival = None if other is primary else other.held.get(shard)
                if rival is not None and not rival.is_untouched:
                    yield Doubt(shard, primary.name, Kind.TWICE, other.name)


def _fewer(primary: PrimaryFacts, expected: Mapping[tuple[int, str], int]) -> Iterator[Doubt]:
    """Compare per shard and per primary, because many small shards may each lose little."""
    before: dict[str, dict[int, tuple[int, int]]] = defaultdict(dict)
    for shard in primary.shards:
        facts = primary.held.get(shard)
        for table, rows in (facts.rows if facts else {}).items():
            if (then := expected.get((shard, table))) is not None:
                before[table][shard] = (rows, then)
    for table, shards in before.items():
        of_all = (
            sum(rows for rows, _ in shards.values()),
            sum(then for _, then in shards.values()),
        )
        is_primary_less = any(
            is_loss(*of_all, *bound) for bound in (FEWER_IN_SHARD, FEWER_ON_PRIMARY)
        )
        for shard, (rows, then) in shards.items():
            # Growth in one shard does not make up for a loss in another.
            of_shard = is_loss(rows, then, *FEWER_IN_SHARD)
            if of_shard or (is_primary_less and rows < then):
                yield Doubt(shard, primary.name, Kind.FEWER, table, rows, then)


def is_loss(rows: int, expected: int, at_least: int, share: float) -> bool:
    """Whether the missing rows are too many for deletions by people."""
    missing = expected - rows
    return missing >= at_least and missing > share * expected


def _by_witnesses(
    primaries: Sequence[PrimaryFacts], witnesses: Iterable[Witness]
) -> Iterator[Doubt]:
    homes = {shard: primary for primary in primaries for shard in primary.shards}
    for witness in witnesses:
        home = homes[witness.shard]
        facts = home.held.get(witness.shard)
        if facts is None:
            continue
        if witness.made_s < facts.born_s - _BIRTH_MARGIN_S:
            yield Doubt(witness.shard, home.name, Kind.BORN_LATER, rows=1)
        elif witness.id_ms is not None and witness.id_ms > facts.newest_ms + _FORGOTTEN_MARGIN_MS:
            yield Doubt(witness.shard, home.name, Kind.FORGOTTEN, rows=1)


def _duration(seconds: float) -> str:
    for unit, length_s in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * length_s or (seconds >= length_s and unit == "days"):
            return f"{seconds / length_s:.0f} {unit}"
    return f"{seconds:.0f} s"
