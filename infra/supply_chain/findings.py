"""What an audit finds, and the explanations for which a finding may stand for a while."""

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

EXPLAINED_FILE = Path(__file__).with_name("explained.toml")
# An explanation is looked at again twice a year.
EXPLAINED_DAYS_MAX = 183


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """Something about a part that somebody has to mend or explain; `ids` are all its names."""

    part: str
    version: str
    ids: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why findings of one part do no harm, until a day."""

    part: str
    ids: frozenset[str]
    reason: str
    until: date


@dataclass(frozen=True, slots=True)
class Judgement:
    """The findings that fail the audit, those explained, and explanations of nothing found."""

    open: Sequence[Finding]
    explained: Sequence[tuple[Finding, Explanation]]
    idle: Sequence[tuple[str, str]]


def read_explanations(file: Path = EXPLAINED_FILE) -> list[Explanation]:
    """Return the explanations of a file; raises KeyError or ValueError if a field is missing."""
    rows = tomllib.loads(file.read_text(encoding="utf-8"))["explained"]
    explanations = [
        Explanation(row["part"], frozenset(row["ids"]), row["reason"].strip(), row["until"])
        for row in rows
    ]
    for one in explanations:
        if not one.reason or not one.ids or type(one.until) is not date:
            raise ValueError(f"{file}: {one.part} needs ids, a reason and a day in `until`")
    return explanations


def judge(
    findings: Iterable[Finding], explanations: Sequence[Explanation], today: date
) -> Judgement:
    """Set findings against explanations; an explanation that expired is a finding itself."""
    failing: list[Finding] = []
    explained: list[tuple[Finding, Explanation]] = []
    met: set[tuple[str, str]] = set()
    for finding in sorted(findings):
        fitting = [
            one for one in explanations if one.part == finding.part and one.ids & set(finding.ids)
        ]
        met |= {(one.part, name) for one in fitting for name in one.ids & set(finding.ids)}
        current = [one for one in fitting if one.until >= today]
        if current:
            explained.append((finding, current[0]))
        else:
            failing.append(_expired(finding, fitting[0].until) if fitting else finding)
    failing += [
        Finding(one.part, "", tuple(sorted(one.ids)), f"explained until {one.until}, which is far")
        for one in explanations
        if (one.until - today).days > EXPLAINED_DAYS_MAX
    ]
    named = {(one.part, name) for one in explanations for name in one.ids}
    return Judgement(failing, explained, sorted(named - met))


def _expired(finding: Finding, until: date) -> Finding:
    text = f"{finding.text} (its explanation ended on {until})"
    return Finding(finding.part, finding.version, finding.ids, text)
