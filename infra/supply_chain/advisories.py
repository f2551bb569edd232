"""Published advisories about Python packages, asked of pip-audit and kept for offline days."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from infra.supply_chain.findings import Finding
from infra.supply_chain.parts import Part

# Answers older than this say too little: advisories appear every week.
DATA_DAYS_MAX = 30
_TIMEOUT_S = 15
_RUN_S_MAX = 600


@dataclass(frozen=True, slots=True)
class Answer:
    """What was published about one version of one package, and when somebody asked."""

    asked_at: datetime
    advisories: tuple[Mapping[str, Any], ...]

    @property
    def days(self) -> int:
        """The age of the answer in whole days."""
        return (datetime.now(UTC) - self.asked_at).days


Answers = dict[str, Answer]


def ask(parts: Iterable[Part], mirror: str = "") -> tuple[Answers, list[str]]:
    """Return the answers by `name==version`, and why answers are missing.

    `mirror` is the address of a service like OSV; without one, pip-audit asks its own.
    """
    waiting = sorted({part.pinned for part in parts})
    answers: Answers = {}
    reasons: list[str] = []
    while waiting:
        # pip-audit takes one version of a package at a time.
        batch = list({line.split("==")[0]: line for line in waiting}.values())
        waiting = [line for line in waiting if line not in batch]
        said, reason = _run_pip_audit(batch, mirror)
        answers |= answers_in(said, datetime.now(UTC))
        reasons += [reason] if reason else []
    return answers, reasons


def answers_in(report: Mapping[str, Any], asked_at: datetime) -> Answers:
    """Return the answers in a report of pip-audit; what it skipped was not answered."""
    return {
        f"{one['name']}=={one['version']}": Answer(asked_at, tuple(one["vulns"]))
        for one in report.get("dependencies", ())
        if "vulns" in one
    }


def read_kept(file: Path) -> Answers:
    """Return the answers of earlier audits; empty if there are none that can be read."""
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
        return {
            pinned: Answer(datetime.fromisoformat(row["asked_at"]), tuple(row["advisories"]))
            for pinned, row in kept.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def keep(answers: Answers, file: Path) -> None:
    """Write the answers for audits without network."""
    file.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(
        {
            pinned: {"asked_at": one.asked_at.isoformat(), "advisories": one.advisories}
            for pinned, one in sorted(answers.items())
        },
        indent=1,
    )
    draft = file.with_suffix(".draft")
    draft.write_text(text, encoding="utf-8")
    draft.replace(file)


def cache_file() -> Path:
    """Return the file of kept answers, which all checkouts of this user share."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "retrato" / "advisories.json"


def published_bugs(
    parts: Iterable[Part], answers: Answers, names: Mapping[str, str]
) -> list[Finding]:
    """Return a finding for each advisory; `names` turns an upstream's `pinned` into its fork."""
    return [
        Finding(
            names.get(part.pinned, part.name),
            part.version,
            (bug["id"], *bug.get("aliases", ())),
            f"fixed in {part.name} {', '.join(bug.get('fix_versions') or ['no version yet'])}",
        )
        for part in parts
        if part.pinned in answers
        for bug in answers[part.pinned].advisories
    ]


def unanswered(parts: Iterable[Part], answers: Answers) -> list[Finding]:
    """Return a finding for the parts about which nothing is known, and one for old answers."""
    pinned = sorted({part.pinned for part in parts})
    silent = [one for one in pinned if one not in answers]
    old = [one for one in pinned if one in answers and answers[one].days > DATA_DAYS_MAX]
    return [
        Finding("advisories", "", ("data",), f"{what} for {len(which)} parts: {_some(which)}")
        for what, which in (
            ("no advisory data", silent),
            (f"advisory data older than {DATA_DAYS_MAX} days", old),
        )
        if which
    ]


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (" …" if len(names) > 3 else "")


def _run_pip_audit(lines: Sequence[str], mirror: str) -> tuple[Mapping[str, Any], str]:
    """Return pip-audit's report, empty if it could not ask, and then the reason."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="ascii") as file:
        file.write("\n".join(lines) + "\n")
        file.flush()
        command = [sys.executable, "-m", "pip_audit", "--requirement", file.name]
        command += ["--no-deps", "--disable-pip", "--format=json", "--aliases=on", "--desc=off"]
        command += [f"--timeout={_TIMEOUT_S}", "--progress-spinner=off"]
        if mirror:
            command += ["--vulnerability-service=osv", f"--osv-url={mirror}"]
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, timeout=_RUN_S_MAX
        )
    try:
        report = json.loads(done.stdout)
    except ValueError:
        lines_said = done.stderr.strip().splitlines()
        return {}, lines_said[-1][:200] if lines_said else "pip-audit said nothing"
    skipped = [one["skip_reason"] for one in report["dependencies"] if "skip_reason" in one]
    return report, f"{len(skipped)} skipped: {skipped[0]}" if skipped else ""
