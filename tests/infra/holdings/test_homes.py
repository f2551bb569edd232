"""The schemas decide where shards are; a contradiction stops the start with a message."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.holdings.homes import Drawn, HomesContradict, decide_homes, require_same
from infra.holdings.inside import Claim

RANGES = {"users-a": range(4), "users-b": range(4, 8)}
FRESH = Drawn(RANGES, frozenset(RANGES))
FILLED = Drawn(RANGES, frozenset())


def _claims(homes: dict[int, str], version: int = 1) -> list[Claim]:
    return [Claim(shard, name, name, version) for shard, name in homes.items()]


AS_DRAWN = {shard: name for name, shards in RANGES.items() for shard in shards}


def test_a_first_start_makes_all_shards_as_drawn() -> None:
    homes = decide_homes("users", [], FRESH)
    assert homes.primary_by_shard == ("users-a",) * 4 + ("users-b",) * 4
    assert homes.to_make == homes.to_say == tuple(range(8))


@given(st.lists(st.sampled_from(sorted(RANGES)), min_size=8, max_size=8))
def test_wherever_shards_have_moved_they_are_found(primary_by_shard: list[str]) -> None:
    claims = _claims(dict(enumerate(primary_by_shard)), version=5)
    homes = decide_homes("users", claims, FILLED)
    assert list(homes.primary_by_shard) == primary_by_shard
    assert homes.version == 5
    assert homes.to_make == homes.to_say == ()


@given(st.sets(st.integers(0, 7)))
def test_a_first_start_that_was_cut_short_makes_the_rest(made: set[int]) -> None:
    homes = decide_homes("users", _claims({s: AS_DRAWN[s] for s in made}), FRESH)
    assert set(homes.to_make) == set(range(8)) - made


@given(st.sets(st.integers(0, 7), max_size=7))
def test_a_shard_that_was_lost_is_never_made(held: set[int]) -> None:
    with pytest.raises(HomesContradict, match="no primary holds"):
        decide_homes("users", _claims({s: AS_DRAWN[s] for s in held}), FILLED)


def test_two_claims_name_both_primaries_and_what_to_do() -> None:
    claims = [*_claims(AS_DRAWN), Claim(2, "users-b", "users-b", 3)]
    with pytest.raises(HomesContradict, match=r"shards 2 .* users-a .* users-b .* RENAME TO"):
        decide_homes("users", claims, FILLED)


def test_a_schema_that_says_another_home_is_in_the_wrong_folder() -> None:
    claims = [Claim(shard, name, "users-b", 1) for shard, name in AS_DRAWN.items()]
    with pytest.raises(HomesContradict, match="is this the folder of users-b"):
        decide_homes("users", claims, FILLED)


def test_more_shards_than_are_drawn_are_not_dropped() -> None:
    claims = _claims({**AS_DRAWN, 8: "users-b"})
    with pytest.raises(HomesContradict, match="draws 8 shards"):
        decide_homes("users", claims, FILLED)


def test_schemas_from_before_say_nothing_yet_and_are_told_to() -> None:
    claims = [Claim(shard, name) for shard, name in AS_DRAWN.items()]
    homes = decide_homes("users", claims, FILLED)
    assert homes.to_say == tuple(range(8))
    assert homes.to_make == ()


def test_a_map_that_says_otherwise_is_not_believed() -> None:
    homes = decide_homes("users", _claims(AS_DRAWN), FILLED)
    require_same("users", "users.json", {name: list(s) for name, s in RANGES.items()}, homes)
    with pytest.raises(HomesContradict, match=r"shards 3 live on users-b"):
        require_same("users", "users.json", {"users-a": [0, 1, 2], "users-b": [3, 4]}, homes)
