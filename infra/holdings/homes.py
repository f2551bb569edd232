"""Decides where each shard of a group lives, by the claims of the primaries' schemas."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from infra.holdings.inside import Claim
from infra.holdings.positions import ranges_text


class HomesContradict(Exception):
    """The claims contradict one another, the topology or the map; the message says where."""


@dataclass(frozen=True, slots=True)
class Homes:
    """Each shard's primary; shards in `to_make` lack a schema, those in `to_say` a comment."""

    primary_by_shard: tuple[str, ...]
    version: int
    to_make: tuple[int, ...]
    to_say: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Drawn:
    """The topology's part: each primary's first range, and the primaries that may be filled."""

    shards_by_primary: Mapping[str, range]
    may_be_filled: frozenset[str]  # primaries that never had shards, so that none can be lost


def decide_homes(group: str, claims: Sequence[Claim], drawn: Drawn) -> Homes:
    """Return where the shards are, or where to create them; raises HomesContradict."""
    holders: dict[int, list[Claim]] = defaultdict(list)
    for claim in claims:
        holders[claim.shard].append(claim)
    _require_single(group, holders)
    _require_true(group, claims)
    homes = {shard: held[0].primary for shard, held in holders.items()}
    to_make = _unheld(group, homes, drawn)
    count = sum(len(shards) for shards in drawn.shards_by_primary.values())
    beyond = sorted(set(homes) - set(range(count)))
    if beyond:
        raise HomesContradict(
            f"{group}: {homes[beyond[0]]} holds the shards {ranges_text(beyond)}, but the topology"
            f" draws {count} shards"
        )
    unsaid = [claim.shard for claim in claims if not claim.said_home]
    return Homes(
        primary_by_shard=tuple((homes | to_make)[shard] for shard in range(count)),
        version=max((claim.version for claim in claims), default=0) or 1,
        to_make=tuple(sorted(to_make)),
        to_say=tuple(sorted({*unsaid, *to_make})),
    )


def _require_single(group: str, holders: Mapping[int, list[Claim]]) -> None:
    twice = sorted(shard for shard, held in holders.items() if len(held) > 1)
    if twice:
        held = " and ".join(
            f"{claim.primary} (since version {claim.version})" for claim in holders[twice[0]]
        )
        raise HomesContradict(
            f"{group}: the shards {ranges_text(twice)} are on two primaries, {held}. Look at both"
            f" with `make psql P={holders[twice[0]][0].primary}` and rename the schema that is not"
            f" the right one, such as ALTER SCHEMA shard_{twice[0]:04d} RENAME TO"
            f" shard_{twice[0]:04d}_aside"
        )


def _require_true(group: str, claims: Sequence[Claim]) -> None:
    astray = [claim for claim in claims if claim.said_home not in {"", claim.primary}]
    if astray:
        raise HomesContradict(
            f"{group}: {astray[0].primary} holds the shards"
            f" {ranges_text([claim.shard for claim in astray])}, which say that they live on"
            f" {astray[0].said_home}: is this the folder of {astray[0].said_home}?"
        )


def _unheld(group: str, homes: Mapping[int, str], drawn: Drawn) -> dict[int, str]:
    unheld = {
        shard: name
        for name, shards in drawn.shards_by_primary.items()
        for shard in shards
        if shard not in homes
    }
    lost = sorted(shard for shard, name in unheld.items() if name not in drawn.may_be_filled)
    if lost:
        raise HomesContradict(
            f"{group}: no primary holds the shards {ranges_text(lost)}; {unheld[lost[0]]} held"
            " them. They are not made anew: put its folder back, or look for"
            f" shard_{lost[0]:04d}_aside with `make psql P={unheld[lost[0]]}`"
        )
    return unheld


def require_same(group: str, file: str, mapped: Mapping[str, Sequence[int]], homes: Homes) -> None:
    """Raise HomesContradict unless a shard map agrees with the databases."""
    for primary, shards in mapped.items():
        wrong = [
            shard
            for shard in shards
            if shard >= len(homes.primary_by_shard) or homes.primary_by_shard[shard] != primary
        ]
        if wrong:
            raise HomesContradict(
                f"{group}: {file} says that the shards {ranges_text(wrong)} live on {primary}, and"
                " the databases say otherwise. Put the right file back, or delete it: the next"
                " `make up` reads it back from the primaries"
            )
