"""Every kind of loss puts its shards in doubt, and nothing else does."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from shared.ids import EPOCH_MS
from shared.sharding.doubts import (
    Kind,
    PrimaryFacts,
    ShardFacts,
    Witness,
    can_be_declared_lost,
    clock_doubts,
    doubts_of,
    sentences,
    shards_text,
)

BORN_S = 1_750_000_000.0
NOW_S = BORN_S + 30 * 86_400
FACTS = ShardFacts(born_s=BORN_S, newest_ms=int(NOW_S * 1000), rows={"photo": 100})
A = PrimaryFacts("a", (0, 1), {0: FACTS, 1: FACTS})
B = PrimaryFacts("b", (2, 3), {2: FACTS, 3: FACTS})
EXPECTED = {(shard, "photo"): 100 for shard in range(4)}


def holding(primary: PrimaryFacts, **photos: int) -> PrimaryFacts:
    """Return the primary with other counts; `_0=5` means five photos in shard 0."""
    held = dict(primary.held)
    for name, count in photos.items():
        held[int(name[1:])] = replace(FACTS, rows={"photo": count})
    return replace(primary, held=held)


def found(
    primaries: Sequence[PrimaryFacts],
    expected: Mapping[tuple[int, str], int] = EXPECTED,
    witnesses: Sequence[Witness] = (),
    lost: Sequence[str] = (),
) -> set[tuple[int, Kind]]:
    doubts = doubts_of(primaries, expected, lost=lost, witnesses=witnesses)
    return {(doubt.shard, doubt.kind) for doubt in doubts}


def test_a_group_that_is_as_it_was_is_in_no_doubt() -> None:
    witnesses = [Witness(0, NOW_S, int(NOW_S * 1000)), Witness(3, BORN_S + 1)]
    assert found([A, B], witnesses=witnesses) == set()


@pytest.mark.parametrize(
    ("primary", "doubtful"),
    [
        (replace(A, held={}, fault="a cannot be reached"), {(0, Kind.AWAY), (1, Kind.AWAY)}),
        (replace(A, is_standby=True), {(0, Kind.STANDBY), (1, Kind.STANDBY)}),
        (replace(A, held={0: FACTS}), {(1, Kind.LACKING)}),
        (holding(A, _0=0), {(0, Kind.FEWER)}),
        (holding(A, _0=49), {(0, Kind.FEWER)}),
        (holding(A, _0=51), set()),
        (holding(A, _0=200), set()),
    ],
    ids=["away", "standby", "lacking", "empty", "half gone", "some gone", "more"],
)
def test_what_a_primary_says_of_itself(
    primary: PrimaryFacts, doubtful: set[tuple[int, Kind]]
) -> None:
    assert found([primary, B]) == doubtful


def test_a_shard_on_two_primaries_is_in_doubt_where_the_map_has_it() -> None:
    b = replace(B, held={**B.held, 1: FACTS})
    assert found([A, b]) == {(1, Kind.TWICE)}
    (said,) = sentences("users", doubts_of([A, b], EXPECTED))
    assert said == (
        "shard 1 of users is in doubt: a and b both hold them: was a shard map lost, or were ranges"
        " edited?"
    )


def test_a_copy_that_was_never_written_to_is_no_rival() -> None:
    untouched = ShardFacts(born_s=NOW_S, newest_ms=EPOCH_MS)
    assert found([A, replace(B, held={**B.held, 1: untouched})]) == set()
    misled = replace(A, held={0: FACTS, 1: untouched})
    assert found([misled, replace(B, held={**B.held, 1: FACTS})]) == {(1, Kind.TWICE)}


@pytest.mark.parametrize(
    ("witness", "kinds"),
    [
        (Witness(0, BORN_S - 3_600), {Kind.BORN_LATER}),
        (Witness(0, BORN_S - 30), set()),
        (Witness(0, NOW_S, int(NOW_S * 1000) + 60_000), {Kind.FORGOTTEN}),
        (Witness(0, NOW_S, int(NOW_S * 1000) + 500), set()),
        (Witness(0, NOW_S + 60), set()),
    ],
    ids=["older than the shard", "a moment older", "id from later", "id of now", "without an id"],
)
def test_what_is_kept_elsewhere_tells_of_a_shard(witness: Witness, kinds: set[Kind]) -> None:
    assert {kind for _shard, kind in found([A, B], witnesses=[witness])} == kinds


def test_many_small_losses_on_one_primary_are_one_large_loss() -> None:
    shards = tuple(range(32))
    primary = PrimaryFacts("a", shards, {s: replace(FACTS, rows={"photo": 3}) for s in shards})
    expected = {(shard, "photo"): 8 for shard in shards}
    assert found([primary], expected) == {(shard, Kind.FEWER) for shard in shards}
    (said,) = sentences("upload", doubts_of([primary], expected))
    assert "shards 0 to 31 of upload are in doubt: a holds 96 rows of photo there, and 256" in said


def test_what_was_never_counted_is_not_missed() -> None:
    assert found([holding(A, _0=0), B], {}) == set()


def test_losses_that_are_declared_are_no_doubt_and_other_doubts_stay() -> None:
    witnesses = [Witness(0, BORN_S - 3_600)]
    empty = holding(A, _0=0, _1=0)
    assert can_be_declared_lost(doubts_of([empty, B], EXPECTED, witnesses=witnesses)) == ["a"]
    assert found([empty, B], witnesses=witnesses, lost=["a"]) == set()
    away = replace(A, held={}, fault="a cannot be reached")
    assert found([away, B], lost=["a"]) == {(0, Kind.AWAY), (1, Kind.AWAY)}
    assert can_be_declared_lost(doubts_of([away, B], EXPECTED)) == []


@pytest.mark.parametrize("seconds", [86_400, -86_400, 301])
def test_a_clock_that_differs_is_named(seconds: float) -> None:
    assert clock_doubts([A, replace(B, clock_ahead_s=seconds)], {}) != []
    (said,) = clock_doubts([A, B], {"the store": seconds})
    assert said.startswith("the clock of the store is")
    assert ("ahead of" in said) == (seconds > 0)


def test_clocks_that_differ_a_little_are_no_matter() -> None:
    assert clock_doubts([replace(A, clock_ahead_s=10.0), B], {"the store": -20.0}) == []


@pytest.mark.parametrize(
    ("shards", "text"),
    [
        ({5}, "shard 5 is"),
        ({0, 1, 2}, "shards 0 to 2 are"),
        ({0, 1, 2, 7, 9, 10}, "shards 0 to 2, 7 and 9 to 10 are"),
    ],
)
def test_shards_are_named_in_spans(shards: set[int], text: str) -> None:
    assert shards_text(shards) == text
