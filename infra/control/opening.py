"""Before a start: compares what the suite should hold with what exists, and applies ANEW/AS_IS."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

from infra.backups.complaints import backup_lines
from infra.control.failures import SuiteFailure
from infra.control.postgres_data import put_aside
from infra.control.progress import Progress
from infra.holdings.comparison import Expected, compare
from infra.holdings.facts import Facts, Presence
from infra.holdings.findings import Finding, Verdict, Words, names_of_things, report_of
from infra.holdings.gathering import gather_facts
from infra.holdings.last_leaders import last_leader
from infra.holdings.ledger import (
    Ledger,
    PrimaryEntry,
    StoreEntry,
    changed,
    new_ledger,
    read_ledger,
    write_ledger,
)
from infra.holdings.store_marker import bucket_folder
from infra.holdings.topology_changes import Change, When, drawn_groups, impossible, topology_changes
from infra.leaders import followers
from infra.plan.parts import Plan
from infra.rendering.postgres import data_folder
from infra.suite import Suite


@dataclass(frozen=True, slots=True)
class Opening:
    """What a start works with: the ledger, the facts on disk, and the verdict about both."""

    ledger: Ledger
    facts: Facts
    verdict: Verdict
    words: Words
    had_ledger: bool
    changes: tuple[Change, ...] = ()

    @property
    def replaced(self) -> set[str]:
        """Primaries whose present data may not have issued the latest ids."""
        promoted = {
            name
            for name, entry in self.ledger.primaries.items()
            if name in self.facts.servers and self.facts.servers[name].timeline > entry.timeline
        }
        return promoted | self.words.anew | self.words.as_is

    @property
    def adds_or_removes(self) -> bool:
        """Whether the topology adds or removes servers."""
        return any(change.when is When.NOW for change in self.changes)


async def open_holdings(
    suite: Suite, in_use: Collection[str], words: Words, progress: Progress
) -> Opening:
    """Compare, and apply ANEW and AS_IS; raises SuiteFailure if the start must not go on.

    `in_use` names the running Postgres servers. This creates and deletes nothing; replaced data is
    put aside.
    """
    folder = suite.folder
    _require_nothing_interrupted(suite)
    kept = _own_ledger(suite)
    ledger = None if kept is None or _is_provisional(kept) else kept
    changes = possible_changes(suite.plan, ledger)
    facts = await gather_facts(suite, ledger, in_use)
    verdict = compare(ledger, facts, expected_primaries(suite.plan), words)
    _require_known(suite, words)
    if ledger is not None:
        # Without a ledger only the databases, which do not run yet, can say what is wrong.
        _require_meaning(words, verdict, _names_elsewhere(suite.plan))
    if verdict.findings:
        newest = backup_lines(suite)[0][0]
        raise SuiteFailure(f"{report_of(verdict.findings)}\n\n  {newest}")
    if in_use and verdict.answered:
        raise SuiteFailure("ANEW= and AS_IS= change what is on disk: run `make down` first.")
    for said in (*verdict.notes, *(f"{c.sentence} ({c.when.value})" for c in changes)):
        progress.say(said)
    if ledger is None and not facts.nothing_is_there:
        progress.say("there is no ledger, and what lies on disk agrees with itself so far")
    opened = _opened_ledger(suite.plan, ledger, facts)
    opened = changed(opened, begun_anew=kept.begun_anew if kept else {})
    opened = _keep_words(suite, opened, facts, verdict, words, progress)
    # Written before anything is created, so that an interrupted start does not look like a loss.
    opened = write_ledger(folder.ledger_file, opened)
    return Opening(opened, facts, verdict, words, ledger is not None, tuple(changes))


def _require_nothing_interrupted(suite: Suite) -> None:
    folder = suite.folder
    if folder.reset_file.exists():
        raise SuiteFailure(
            f"A reset of {folder.root} was interrupted, so part of it is gone: run `make reset`"
            " again to finish it."
        )
    if folder.restoring_file.exists():
        raise SuiteFailure(
            f"A restore into {folder.root} was interrupted, so its databases are of different"
            " times: run the same `make restore` again, which begins anew. Nothing was done."
        )


def _own_ledger(suite: Suite) -> Ledger | None:
    folder = suite.folder
    ledger = read_ledger(folder.ledger_file)
    if ledger is not None and ledger.network != suite.plan.network:
        raise SuiteFailure(
            f"The suite of {folder.root} lives on {ledger.network}, and {folder.network_file} does"
            f" not say so: start it with RETRATO_NET={ledger.network}. Nothing was done."
        )
    return ledger


def expected_primaries(plan: Plan) -> dict[str, Expected]:
    """Map the name of every primary to what the topology expects of it."""
    return {
        database.name: Expected(
            group.name,
            range(database.first_shard, database.last_shard + 1),
            tuple(replica.name for replica in followers(database)),
            elects=plan.failover is not None,
        )
        for group in plan.own_groups.values()
        for database in group.databases
    }


def compare_again(suite: Suite, opening: Opening, ledger: Ledger) -> list[Finding]:
    """Compare the same facts with another ledger, such as a database's."""
    return compare(ledger, opening.facts, expected_primaries(suite.plan), opening.words).findings


def possible_changes(plan: Plan, ledger: Ledger | None) -> list[Change]:
    """Return the changes of the topology; raises SuiteFailure if any cannot be applied."""
    if ledger is None or ledger.applied is None:
        return []
    changes = topology_changes(ledger.applied, drawn_groups(plan))
    refused = impossible(changes)
    if refused:
        raise SuiteFailure(
            "The topology has changed in ways that cannot be applied; nothing was done:\n  "
            + "\n  ".join(change.sentence for change in refused)
            + "\nTake these changes back in infra/topology.toml."
        )
    return changes


def _is_provisional(ledger: Ledger) -> bool:
    """Whether a start took up a suite without a ledger and was refused before it ended.

    The databases may then still hold the true one.
    """
    return ledger.adopted and ledger.applied is None


def _require_known(suite: Suite, words: Words) -> None:
    known = names_of_things(expected_primaries(suite.plan)) | _names_elsewhere(suite.plan)
    unknown = sorted((words.anew | words.as_is) - known)
    if unknown:
        raise SuiteFailure(
            f"ANEW= and AS_IS= do not know {unknown[0]}; they know {', '.join(sorted(known))}."
        )


def _names_elsewhere(plan: Plan) -> frozenset[str]:
    """Return the databases of somebody else, of which only they know what lies there."""
    groups = plan.external_groups.values()
    return frozenset(database.name for group in groups for database in group.databases)


def _require_meaning(words: Words, verdict: Verdict, elsewhere: frozenset[str]) -> None:
    """Refuse ANEW or AS_IS for healthy things, whose data it would discard."""
    if absurd := sorted(words.anew & elsewhere):
        raise SuiteFailure(
            f"ANEW= does nothing to {absurd[0]}, which somebody else runs: it begins anew as an"
            " empty database there."
        )
    said = (words.anew | words.as_is) - elsewhere
    open_things = {finding.case.thing for finding in verdict.findings}
    idle = sorted(said - verdict.things_answered(said) - open_things)
    if idle:
        raise SuiteFailure(
            f"Nothing is wrong with {idle[0]}, so ANEW= and AS_IS= do nothing to it; `make reset`"
            " is the way to empty a suite."
        )


def _opened_ledger(plan: Plan, ledger: Ledger | None, facts: Facts) -> Ledger:
    opened = ledger or changed(new_ledger(plan.network), adopted=not facts.nothing_is_there)
    primaries = dict(opened.primaries)
    for name, expected in expected_primaries(plan).items():
        entry = primaries.get(name) or PrimaryEntry(group=expected.group)
        primaries[name] = _with_identity(entry, facts, name)
    for group in plan.external_groups.values():
        for database in group.databases:
            primaries.setdefault(database.name, PrimaryEntry(group=group.name))
    return changed(opened, primaries=primaries)


def _with_identity(entry: PrimaryEntry, facts: Facts, name: str) -> PrimaryEntry:
    server = facts.servers[name]
    if entry.system_identifier or not server.is_there:
        return entry
    return changed(entry, system_identifier=server.system_identifier, timeline=server.timeline)


def _keep_words(
    suite: Suite,
    ledger: Ledger,
    facts: Facts,
    verdict: Verdict,
    words: Words,
    progress: Progress,
) -> Ledger:
    for name, why in verdict.replicas_to_make_again.items():
        server = facts.servers[name]
        aside = put_aside(server.folder)
        progress.say(f"{why}: it is now {aside.name}, and {name} is copied anew")
    for thing in sorted(verdict.things_answered(words.anew)):
        ledger = _begin_anew(suite, ledger, thing, progress)
    for thing in sorted(verdict.things_answered(words.as_is) - words.anew):
        ledger = _take_as_is(ledger, facts, thing)
        progress.say(f"{thing} counts from now on as it is")
    return ledger


def _begin_anew(suite: Suite, ledger: Ledger, thing: str, progress: Progress) -> Ledger:
    moment = dt.datetime.now(dt.UTC).replace(microsecond=0)
    place = {
        "secrets": suite.folder.secrets_file,
        "pki": suite.folder.pki,
        "store": bucket_folder(suite),
    }.get(thing) or _folder_of_primary(suite, thing)
    if place.exists():
        progress.say(f"{thing} begins anew: what was there is now {put_aside(place).name}")
    else:
        progress.say(f"{thing} begins anew")
    begun = {**ledger.begun_anew, thing: moment}
    if thing == "secrets":
        return changed(ledger, secrets=None, begun_anew=begun)
    if thing == "pki":
        return changed(ledger, authority=None, begun_anew=begun)
    if thing == "store":
        return changed(ledger, store=None, begun_anew=begun)
    before = ledger.primaries[thing]
    emptied = PrimaryEntry(group=before.group, id_clock_ms=before.id_clock_ms)
    return changed(ledger, primaries={**ledger.primaries, thing: emptied}, begun_anew=begun)


def _folder_of_primary(suite: Suite, name: str) -> Path:
    database = next(one for one in suite.plan.databases if one.name == name)
    return data_folder(suite, last_leader(suite, database))


def _take_as_is(ledger: Ledger, facts: Facts, thing: str) -> Ledger:
    if thing == "secrets":
        return changed(ledger, secrets=None)
    if thing == "pki":
        return changed(ledger, authority=None)
    if thing == "store":
        found = facts.store
        objects = found.objects if found else 0
        return changed(
            ledger, store=StoreEntry(identity=found.identity if found else None, objects=objects)
        )
    server = facts.servers[thing]
    if server.presence is not Presence.WHOLE:
        return ledger
    entry = changed(
        ledger.primaries[thing],
        system_identifier=server.system_identifier,
        timeline=server.timeline,
        position=server.position,
    )
    return changed(ledger, primaries={**ledger.primaries, thing: entry})


def with_keys(suite: Suite) -> Suite:
    """Return the suite with permission to create missing keys, for a start after its comparison."""
    return replace(suite, may_make_keys=True)
