"""Compares ledger, disk and topology; it takes facts, returns a verdict, and does no I/O."""

from collections.abc import Mapping
from dataclasses import dataclass

from infra.holdings.facts import Facts, Presence, ServerFacts
from infra.holdings.findings import Case, Finding, Trouble, Verdict, Words
from infra.holdings.kept_files import compare_authority, compare_maps, compare_secrets
from infra.holdings.kept_photos import compare_store
from infra.holdings.ledger import Ledger, PrimaryEntry
from infra.holdings.positions import bytes_text, position_text, ranges_text


@dataclass(frozen=True, slots=True)
class Expected:
    """A primary of the topology: the shards that it starts with, and its replicas' names.

    If it `elects` its leader, any member may lead, and each follows again by itself.
    """

    group: str
    shards: range
    replicas: tuple[str, ...]
    elects: bool = False


def compare(
    ledger: Ledger | None, facts: Facts, primaries: Mapping[str, Expected], words: Words
) -> Verdict:
    """Judge the facts. Without a ledger, the facts must at least not contradict one another."""
    verdict = Verdict()
    something_was_there = not facts.nothing_is_there
    for name, expected in primaries.items():
        entry = ledger.primaries.get(name) if ledger else None
        was_made = bool(entry.system_identifier) if entry else something_was_there
        primary = _Primary(name, expected, entry, was_made, ledger)
        _compare_primary(primary, facts, words, verdict)
    was_complete = bool(ledger.secrets) if ledger else something_was_there
    for finding in (
        *compare_secrets(ledger, facts.secrets, was_complete, verdict.notes),
        *compare_authority(ledger, facts.authority, was_complete),
        *compare_maps(ledger, facts.maps, was_complete, verdict.notes),
        *(compare_store(ledger, facts.store, something_was_there) if facts.store else ()),
    ):
        verdict.judge(finding, words)
    return verdict


@dataclass(frozen=True, slots=True)
class _Primary:
    name: str
    expected: Expected
    entry: PrimaryEntry | None
    was_made: bool
    ledger: Ledger | None

    @property
    def held(self) -> str:
        shards = list(self.expected.shards)
        if self.entry and self.entry.shards:
            shards = [s for first, last in self.entry.shards for s in range(first, last + 1)]
        return f"the shards {ranges_text(shards)} of {self.expected.group} depend on it"


def _compare_primary(primary: _Primary, facts: Facts, words: Words, verdict: Verdict) -> None:
    server = facts.servers[primary.name]
    replicas = [facts.servers[name] for name in primary.expected.replicas]
    if server.presence is Presence.MISSING and not primary.was_made:
        _judge_first_making(primary, replicas, words, verdict)
        return
    trouble = _own_trouble(primary, server, replicas) or _trouble_with_replicas(
        primary, server, replicas
    )
    if not verdict.judge(trouble, words):
        return
    if trouble is not None and primary.name in words.anew:
        _begin_anew(primary, replicas, verdict)
        return
    for replica in replicas:
        why = _why_made_again(primary, server, replica)
        if why is None and trouble is not None and replica.presence is Presence.WHOLE:
            why = f"{replica.folder} is of what {primary.name} was before"
        if why:
            verdict.replicas_to_make_again[replica.name] = why


def _begin_anew(primary: _Primary, replicas: list[ServerFacts], verdict: Verdict) -> None:
    verdict.primaries_to_make.append(primary.name)
    for replica in replicas:
        if replica.presence is not Presence.MISSING:
            why = f"{replica.folder} is of what {primary.name} was before"
            verdict.replicas_to_make_again[replica.name] = why


def _judge_first_making(
    primary: _Primary, replicas: list[ServerFacts], words: Words, verdict: Verdict
) -> None:
    strays = [replica for replica in replicas if replica.presence is not Presence.MISSING]
    finding = None
    if strays:
        place = str(strays[0].folder)
        sentence = f"{place} is there, but its primary was never made."
        finding = _finding(primary, Trouble.PRIMARY_LOST, place, sentence)
    if verdict.judge(finding, words):
        _begin_anew(primary, strays, verdict)


def _own_trouble(
    primary: _Primary, server: ServerFacts, replicas: list[ServerFacts]
) -> Finding | None:
    place = str(server.folder)
    heirs = _heirs(primary, replicas)
    if server.presence is Presence.MISSING:
        sentence = f"{place} is missing.{_what_heirs_have(primary, heirs)}"
        return _finding(primary, Trouble.PRIMARY_LOST, place, sentence, heirs)
    if server.presence is Presence.DAMAGED:
        sentence = f"{place} cannot be used: {server.damage}.{_what_heirs_have(primary, heirs)}"
        return _finding(primary, Trouble.PRIMARY_LOST, place, sentence, heirs)
    if server.is_standby and not primary.expected.elects:
        sentence = (
            f"{place} holds a replica's data (there is a standby.signal in it): a promotion was cut"
            " short, or a replica's folder was put there."
        )
        # The data in the primary's place is promoted, unless a replica has more.
        heirs = _heirs(primary, [server, *replicas])
        return _finding(primary, Trouble.PRIMARY_LOST, place, sentence, heirs)
    if primary.entry and primary.entry.system_identifier:
        return _against_ledger(primary, server, primary.entry, heirs)
    return None


def _against_ledger(
    primary: _Primary, server: ServerFacts, entry: PrimaryEntry, heirs: list[ServerFacts]
) -> Finding | None:
    place = str(server.folder)
    if server.system_identifier != entry.system_identifier:
        owner = _owner_of(primary, server.system_identifier)
        sentence = (
            f"{place} belongs to {owner}: its system identifier is {server.system_identifier}, and"
            f" that of {primary.name} was {entry.system_identifier}."
        )
        return _finding(primary, Trouble.PRIMARY_FOREIGN, place, sentence, heirs)
    if server.presence is Presence.IN_USE:
        return None
    if server.timeline < entry.timeline:
        sentence = (
            f"{place} is older than what was here: it is on timeline {server.timeline}, and a"
            f" replica has been promoted to timeline {entry.timeline} since."
        )
        return _finding(primary, Trouble.PRIMARY_OLDER, place, sentence, heirs)
    if server.timeline == entry.timeline and server.position < entry.position:
        sentence = (
            f"{place} is older than what was here: it ends at {position_text(server.position)},"
            f" {bytes_text(entry.position - server.position)} of log before"
            f" {position_text(entry.position)}, which was seen{_at(entry)}."
        )
        return _finding(primary, Trouble.PRIMARY_OLDER, place, sentence, heirs)
    return None


def _trouble_with_replicas(
    primary: _Primary, server: ServerFacts, replicas: list[ServerFacts]
) -> Finding | None:
    if server.presence is Presence.IN_USE:
        return None
    for replica in replicas:
        if replica.presence is not Presence.WHOLE:
            continue
        if replica.system_identifier != server.system_identifier:
            if primary.entry and primary.entry.system_identifier:
                continue  # the ledger confirms the primary, so the replica is the wrong one
            sentence = (
                f"{server.folder} and {replica.folder} are of different clusters, and no ledger"
                " says which of them is the right one."
            )
            return _finding(primary, Trouble.PRIMARY_FOREIGN, str(server.folder), sentence)
        if (replica.timeline, replica.position) > (server.timeline, server.position):
            sentence = _newer_replica(server, replica)
            return _finding(primary, Trouble.PRIMARY_OLDER, str(server.folder), sentence, [replica])
    return None


def _newer_replica(server: ServerFacts, replica: ServerFacts) -> str:
    if replica.timeline != server.timeline:
        return (
            f"{server.folder} is older than its replica {replica.name}, which has been promoted:"
            f" timeline {server.timeline} against {replica.timeline}."
        )
    return (
        f"{server.folder} is older than its replica {replica.name}: it ends at"
        f" {position_text(server.position)}, the replica at {position_text(replica.position)},"
        f" {bytes_text(replica.position - server.position)} of log later."
    )


def _why_made_again(primary: _Primary, server: ServerFacts, replica: ServerFacts) -> str | None:
    """Return why an existing replica cannot follow its primary, which is the right one."""
    if replica.presence in {Presence.MISSING, Presence.IN_USE}:
        return None
    foreign = _why_foreign(primary, server, replica)
    if foreign or primary.expected.elects:
        return foreign
    if not replica.is_standby:
        return f"{replica.folder} would start as a second primary: it has no standby.signal"
    if replica.timeline < server.timeline or replica.position < server.log_begins:
        return f"{replica.folder} is so old that {server.name} no longer has the log that it needs"
    return None


def _why_foreign(primary: _Primary, server: ServerFacts, replica: ServerFacts) -> str | None:
    """Return why a replica's data is no copy of its primary's, of whatever age."""
    if replica.presence is Presence.DAMAGED:
        return f"{replica.folder} cannot be used: {replica.damage}"
    if replica.system_identifier != server.system_identifier:
        owner = _owner_of(primary, replica.system_identifier)
        return f"{replica.folder} belongs to {owner}"
    return None


def _heirs(primary: _Primary, replicas: list[ServerFacts]) -> list[ServerFacts]:
    """Return the servers that could take the primary's place, the newest first."""
    known = primary.entry.system_identifier if primary.entry else None
    fit = [
        replica
        for replica in replicas
        if replica.is_there
        and replica.is_standby
        and (known is None or replica.system_identifier == known)
    ]
    return sorted(fit, key=lambda replica: (replica.timeline, replica.position), reverse=True)


def _what_heirs_have(primary: _Primary, heirs: list[ServerFacts]) -> str:
    if not heirs:
        return " No replica of it is left."
    if primary.entry is None or heirs[0].presence is Presence.IN_USE:
        return f" Its replica {heirs[0].name} is there."
    missing = primary.entry.position - heirs[0].position
    if missing <= 0:
        return f" Its replica {heirs[0].name} has all that was seen{_at(primary.entry)}."
    return (
        f" Its replica {heirs[0].name} lacks at most {bytes_text(missing)} of the log that was"
        f" seen{_at(primary.entry)}."
    )


def _owner_of(primary: _Primary, system_identifier: str) -> str:
    entries = primary.ledger.primaries if primary.ledger else {}
    owners = [n for n, entry in entries.items() if entry.system_identifier == system_identifier]
    return owners[0] if owners else "another cluster"


def _at(entry: PrimaryEntry) -> str:
    return f" at {entry.seen_at:%Y-%m-%d %H:%M:%S} UTC" if entry.seen_at else ""


def _finding(
    primary: _Primary,
    trouble: Trouble,
    place: str,
    sentence: str,
    heirs: list[ServerFacts] | None = None,
) -> Finding:
    names = tuple(heir.name for heir in heirs or [])
    return Finding(Case(trouble, primary.name, place, names), sentence, primary.held)
