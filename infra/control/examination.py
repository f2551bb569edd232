"""Compares what the running primaries say of themselves, before a start changes them."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from infra.control.failures import Contradiction, SuiteFailure
from infra.control.opening import Opening, compare_again, possible_changes
from infra.control.progress import Progress
from infra.holdings.facts import MapFacts, Presence
from infra.holdings.findings import report_of
from infra.holdings.gathering import look_at_secrets
from infra.holdings.homes import Drawn, Homes, HomesContradict, decide_homes, require_same
from infra.holdings.inside import Inside, claims_of, look_inside
from infra.holdings.ledger import Ledger, changed, newest
from infra.holdings.positions import ranges_text
from infra.json_files import read_json
from infra.leaders import leaders
from infra.plan.parts import ShardGroup
from infra.rendering.shard_maps import shard_map_document, write_shard_map
from infra.suite import Suite

# A start stops the primaries again if they contradict one another.
_DONE = "Nothing was made, and what was started was stopped again"


async def examine_primaries(
    suite: Suite, opening: Opening, progress: Progress
) -> tuple[Ledger, dict[str, Homes]]:
    """Return the ledger to use, and the homes of each group's shards; restores lost shard maps.

    Raises Contradiction if the databases contradict the ledger, the maps or one another.
    """
    primaries = leaders(suite.plan.every_database)
    looked = await asyncio.gather(*(look_inside(suite, node) for node in primaries))
    insides = {inside.primary: inside for inside in looked}
    ledger = _agreed_ledger(suite, opening, insides)
    homes = {}
    for group in suite.plan.groups.values():
        try:
            homes[group.name] = _homes_of(opening, ledger, group, insides)
        except HomesContradict as contradiction:
            raise Contradiction(f"{_DONE}, because of a contradiction: {contradiction}.") from None
        _keep_map(suite, opening, ledger, group, homes[group.name], progress)
    return ledger, homes


def _agreed_ledger(suite: Suite, opening: Opening, insides: Mapping[str, Inside]) -> Ledger:
    """Return our ledger, or a database's if ours is lost or older; the latter is checked again."""
    ours = opening.ledger
    excused = opening.words.anew | opening.words.as_is
    held = [i for i in insides.values() if i.ledger and i.primary not in excused]
    latest = newest([inside.ledger for inside in held if inside.ledger])
    if latest is None:
        return ours
    _require_own(held, ours.suite if opening.had_ledger else latest.suite)
    # The start has already raised our number, so with an equal number the database's is newer.
    if opening.had_ledger and latest.sequence < ours.sequence:
        return ours
    _hold_against(suite, opening, latest)
    kept = {name: entry for name, entry in ours.primaries.items() if name in excused}
    # The ledger in a restored database has the network of the lost machine.
    return changed(
        latest,
        network=ours.network,
        primaries={**ours.primaries, **latest.primaries, **kept},
    )


def _require_own(held: list[Inside], suite_id: str) -> None:
    for inside in held:
        if inside.ledger_of != inside.primary:
            raise Contradiction(
                f"The database of {inside.primary} says that it is {inside.ledger_of}: were folders"
                f" exchanged? Put each back in its place. {_DONE}."
            )
        if inside.ledger and inside.ledger.suite != suite_id:
            raise Contradiction(
                f"The database of {inside.primary} is of another suite ({inside.ledger.suite}) than"
                f" the rest ({suite_id}): put back the folder that belongs here. {_DONE}."
            )


def _hold_against(suite: Suite, opening: Opening, ledger: Ledger) -> None:
    try:
        possible_changes(suite.plan, ledger)
    except SuiteFailure as failure:
        raise Contradiction(f"{failure}\n{_DONE}.") from None
    secrets = look_at_secrets(suite.folder.secrets_file, ledger)
    facts = replace(opening.facts, secrets=secrets)
    findings = compare_again(suite, replace(opening, facts=facts), ledger)
    if findings:
        raise Contradiction(report_of(findings, _DONE))


def _homes_of(
    opening: Opening, ledger: Ledger, group: ShardGroup, insides: Mapping[str, Inside]
) -> Homes:
    claims = [
        claim
        for claim in claims_of(insides)
        if claim.primary in {database.name for database in group.databases}
    ]
    names = [database.name for database in group.databases]
    drawn = Drawn(
        {p.name: range(p.first_shard, p.last_shard + 1) for p in group.databases},
        frozenset(name for name in names if _may_be_filled(ledger, name, bool(claims))),
    )
    homes = decide_homes(group.name, claims, drawn)
    found = opening.facts.maps[group.name]
    if ledger.applied is None and claims and found.version <= 1:
        _require_as_drawn(group, homes, drawn)
    if found.presence is Presence.WHOLE:
        require_same(group.name, str(found.file), found.shards_by_primary, homes)
    return homes


def _may_be_filled(ledger: Ledger, primary: str, group_is_filled: bool) -> bool:
    """Whether the shards that a primary lacks were never created, rather than lost."""
    if ledger.primaries[primary].shards:
        return False
    return not ledger.adopted or primary in ledger.begun_anew or not group_is_filled


def _require_as_drawn(group: ShardGroup, homes: Homes, drawn: Drawn) -> None:
    for name, shards in drawn.shards_by_primary.items():
        held = [shard for shard, home in enumerate(homes.primary_by_shard) if home == name]
        if held != list(shards):
            raise HomesContradict(
                f"{group.name}: the topology draws the shards {ranges_text(list(shards))} on"
                f" {name}, which holds {ranges_text(held)}; take the change of the"
                " topology back, shards would have to be moved"
            )


def _keep_map(
    suite: Suite,
    opening: Opening,
    ledger: Ledger,
    group: ShardGroup,
    homes: Homes,
    progress: Progress,
) -> None:
    found = opening.facts.maps[group.name]
    version = max(homes.version, _version_in(ledger, group), found.version)
    elects = group.is_ours and suite.plan.failover is not None
    if found.presence is not Presence.WHOLE:
        write_shard_map(suite, group, homes.primary_by_shard, version, elects=elects)
        if len(homes.to_make) < group.shard_count:
            progress.say(f"read the shard map of {group.name} back from its primaries")
    elif _servers_differ(suite, group, homes, found):
        write_shard_map(suite, group, homes.primary_by_shard, version + 1, elects=elects)
        progress.say(
            f"the shard map of {group.name} names other servers now: version {version + 1}"
        )


def _version_in(ledger: Ledger, group: ShardGroup) -> int:
    entry = ledger.maps.get(group.name)
    return entry.version if entry else 0


def _servers_differ(suite: Suite, group: ShardGroup, homes: Homes, found: MapFacts) -> bool:
    elects = group.is_ours and suite.plan.failover is not None
    wanted = shard_map_document(group, homes.primary_by_shard, found.version, elects=elects)
    return bool(read_json(found.file)["primaries"] != wanted["primaries"])
