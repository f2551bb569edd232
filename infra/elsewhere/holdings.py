"""Whose the shards in databases of somebody else are, and that none of them is missing."""

import asyncio
from collections.abc import Mapping

from infra.control.failures import SuiteFailure
from infra.control.opening import Opening
from infra.elsewhere.sessions import external_primaries
from infra.holdings.inside import Claim, look_inside, say_homes
from infra.holdings.ledger import Ledger, PrimaryEntry
from infra.holdings.positions import ranges_text
from infra.plan.parts import Member
from infra.suite import Suite

_PAGE = "docs/operations/managed.md"


async def require_own_shards(suite: Suite, opening: Opening) -> None:
    """Raise SuiteFailure if a database lacks the shards that it had, or has another suite's."""
    primaries = [member for _group, _database, member in external_primaries(suite)]
    insides = await asyncio.gather(*(look_inside(suite, member) for member in primaries))
    taken = opening.words.as_is
    faults = [
        fault
        for member, inside in zip(primaries, insides, strict=True)
        if (fault := _fault(member, inside.claims, opening.ledger, taken))
    ]
    if faults:
        raise SuiteFailure("\n".join((*faults, "Nothing was done.")))


def _fault(member: Member, claims: tuple[Claim, ...], ledger: Ledger, taken: frozenset[str]) -> str:
    entry = ledger.primaries.get(member.name) or PrimaryEntry(group=member.service)
    place = f"{member.name} at {member.host}:{member.port}"
    if entry.shards and not claims:
        held = ", ".join(_range(one) for one in entry.shards)
        return (
            f"{place} holds no shard, and {member.name} held {held}: it is another database, or the"
            f" shards were not moved to it ({_PAGE})."
        )
    strange = [claim for claim in claims if not _is_ours(claim, entry, ledger)]
    if not strange or member.name in taken:
        return ""
    shards = ranges_text([claim.shard for claim in strange])
    owner = f"suite {strange[0].suite}" if strange[0].suite else "a suite that is not named"
    return (
        f"{place} holds the shards {shards} of {owner}. If that one is gone for good, and this one"
        f" shall go on with its data: `make up AS_IS={member.name}`."
    )


def _is_ours(claim: Claim, entry: PrimaryEntry, ledger: Ledger) -> bool:
    # A dump of our own servers has the shards, and does not name the suite.
    return claim.suite == ledger.suite if claim.suite else bool(entry.shards)


def _range(shards: tuple[int, int]) -> str:
    return f"the shards {shards[0]} to {shards[1]}"


def are_filled(suite: Suite, ledger: Ledger) -> bool:
    """Whether an earlier start has filled every database of somebody else, and recorded that."""
    names = [database.name for _group, database, _member in external_primaries(suite)]
    return all(name in ledger.primaries and ledger.primaries[name].shards for name in names)


async def mark_shards(suite: Suite, ledger: Ledger) -> None:
    """Write into each shard's schema whose it is, where that does not stand there yet."""
    for _group, _database, member in external_primaries(suite):
        inside = await look_inside(suite, member)
        by_version: dict[int, list[int]] = {}
        for claim in inside.claims:
            if claim.suite != ledger.suite:
                by_version.setdefault(claim.version, []).append(claim.shard)
        for version, shards in by_version.items():
            await say_homes(suite, member, shards, version, of=ledger.suite)


def recorded_shards(
    suite: Suite, ledger: Ledger, shards: Mapping[str, tuple[tuple[int, int], ...]]
) -> dict[str, PrimaryEntry]:
    """Return the ledger's entries of databases of somebody else, with the shards they hold."""
    return {
        database.name: PrimaryEntry(
            group=group.name,
            shards=shards[database.name],
            id_clock_ms=_clock(ledger, database.name),
        )
        for group, database, _member in external_primaries(suite)
    }


def _clock(ledger: Ledger, name: str) -> int:
    entry = ledger.primaries.get(name)
    return entry.id_clock_ms if entry else 0
