"""The comparison's results: findings that forbid a start, with remedies, and what to create."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum


class Trouble(Enum):
    """The kinds of trouble; each has its own remedies."""

    PRIMARY_LOST = "primary lost"
    PRIMARY_OLDER = "primary older"
    PRIMARY_FOREIGN = "primary foreign"
    SECRETS = "secrets"
    AUTHORITY = "authority"
    SHARD_MAP = "shard map"
    STORE_LOST = "store lost"
    STORE_OTHER = "store other"


@dataclass(frozen=True, slots=True)
class Case:
    """One trouble: the thing, its place, and the replicas that could replace it, newest first."""

    trouble: Trouble
    thing: str  # its name in `make up ANEW=`, such as users-a, secrets, pki, store or users.map
    place: str
    replicas: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Words:
    """The operator's decisions: which things start empty, and which are accepted as they are."""

    anew: frozenset[str] = frozenset()
    as_is: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Finding:
    """One contradiction; `sentence` names the file, and `depends` what needs it."""

    case: Case
    sentence: str
    depends: str

    def is_answered_by(self, words: Words) -> bool:
        """Whether the operator has decided what to do."""
        if self.case.thing in words.anew:
            return self.case.trouble is not Trouble.SHARD_MAP
        return self.case.thing in words.as_is and self.case.trouble in _MAY_COUNT_AS_IS


_MAY_COUNT_AS_IS = {
    Trouble.PRIMARY_OLDER,
    Trouble.PRIMARY_FOREIGN,
    Trouble.SECRETS,
    Trouble.AUTHORITY,
    Trouble.STORE_OTHER,
}


# What the backups can restore; an older or foreign primary is restored like a lost one.
_IN_BACKUPS = {
    Trouble.PRIMARY_LOST,
    Trouble.PRIMARY_OLDER,
    Trouble.PRIMARY_FOREIGN,
    Trouble.STORE_LOST,
}


@dataclass
class Verdict:
    """The result of the comparison; a start may go on only without `findings`."""

    findings: list[Finding] = field(default_factory=list)
    answered: list[Finding] = field(default_factory=list)  # the operator has decided these
    primaries_to_make: list[str] = field(default_factory=list)
    replicas_to_make_again: dict[str, str] = field(default_factory=dict)  # why, by name
    notes: list[str] = field(default_factory=list)

    def judge(self, finding: Finding | None, words: Words) -> bool:
        """Add a finding, if there is one; returns whether a start may go on in spite of it."""
        if finding is None:
            return True
        is_answered = finding.is_answered_by(words)
        (self.answered if is_answered else self.findings).append(finding)
        return is_answered

    def things_answered(self, things: frozenset[str]) -> set[str]:
        """Return the things among these that had an answered finding."""
        return {finding.case.thing for finding in self.answered} & things


def _put_back(case: Case) -> str | None:
    return f"put {case.place} back as it was, with its owner and mode, and run `make up` again"


def _promote(case: Case) -> str | None:
    if not case.replicas:
        return None
    if case.replicas[0] == case.thing:
        return f"`make promote P={case.thing}`: the data in its place begins to take writes"
    return f"`make promote P={case.thing}`: {case.replicas[0]} takes its place with all that it has"


def _restore(case: Case) -> str | None:
    if case.trouble not in _IN_BACKUPS:
        return None
    return (
        "restore it from the backups: `make backups` lists the moments, and `make restore"
        " REPLACE=1` goes back to the newest (G=<group>: only those databases)"
    )


def _read_back(case: Case) -> str | None:
    if case.trouble is not Trouble.SHARD_MAP:
        return None
    return f"`rm {case.place}` and `make up`: the map is read back from the primaries"


def _as_is(case: Case) -> str | None:
    if case.trouble not in _MAY_COUNT_AS_IS:
        return None
    return f"`make up AS_IS={case.thing}`: what lies there counts from now on"


def _begin_anew(case: Case) -> str | None:
    if case.trouble is Trouble.SHARD_MAP:
        return None
    return f"`make up ANEW={case.thing}`: it begins empty, what it held is given up"


# Possible remedies, the least loss first. Each returns None where it does not apply.
OFFERS: list[Callable[[Case], str | None]] = [
    _put_back,
    _promote,
    _restore,
    _read_back,
    _as_is,
    _begin_anew,
]


def remedies_of(case: Case) -> list[str]:
    """Return a sentence for each possible remedy."""
    return [offer for make_offer in OFFERS if (offer := make_offer(case))]


def report_of(
    findings: list[Finding], done: str = "Nothing was started and nothing was changed"
) -> str:
    """Return the message that ends a start: each finding, what depends on it, and remedies."""
    parts = [f"{done}, because of what was found:"]
    for finding in findings:
        parts.append(f"\n  {finding.case.thing}: {finding.sentence}\n    {finding.depends}")
        parts += [f"    - {remedy}" for remedy in remedies_of(finding.case)]
    return "\n".join(parts)


def names_of_things(primaries: Mapping[str, object]) -> set[str]:
    """Return the names that ANEW= and AS_IS= accept."""
    return {*primaries, "secrets", "pki", "store"}
