"""`python -m infra.supply_chain`: audits the parts of others, and writes the bill of materials."""

import os
import sys
import tomllib
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer

from infra.bootstrap.debian import package_names
from infra.run_folder import REPOSITORY, locate_run_folder
from infra.supply_chain import advisories, debian, licences
from infra.supply_chain.bill import write_bill
from infra.supply_chain.findings import Finding, Judgement, judge, read_explanations
from infra.supply_chain.parts import Part, Use, python_parts
from infra.supply_chain.upstreams import (
    bugs_of_upstreams,
    read_known_bugs,
    read_upstreams,
    under_upstream_names,
)
from infra.supply_chain.vendored import changed_files, vendored_parts


def main(
    mirror: Annotated[str, typer.Option(help="A service with the interface of OSV.")] = "",
    bill: Annotated[Path | None, typer.Option(help="Where the bill of materials goes.")] = None,
) -> None:
    """Fail if a part has a published bug, a licence or an unknown that nobody explained."""
    policy = licences.read_policy()
    python = licences.with_licences(python_parts(), _site_packages(), policy)
    system, found = _audit_system()
    found += [
        *_audit_python(python, mirror),
        *licences.forbidden_licences([*_installed(python), *vendored_parts()], policy),
        *changed_files(),
    ]
    target = bill or _run_folder() / "audit" / "bill.cdx.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(
        write_bill([*python, *system, *vendored_parts()], _own_version()), encoding="utf-8"
    )
    print(f"bill of materials: {target}")
    judgement = judge(found, read_explanations(), datetime.now(UTC).date())
    _tell(judgement)
    raise typer.Exit(1 if judgement.open else 0)


def _installed(parts: Sequence[Part]) -> list[Part]:
    """Leave out parts of failover that are not installed, since only their own files tell."""
    absent = [part.name for part in parts if part.use is Use.FAILOVER and not part.licences]
    if absent:
        print(f"of failover, which is installed by `make up HA=1`: {len(absent)} licences unread")
    return [part for part in parts if part.name not in absent or part.use is not Use.FAILOVER]


def _audit_python(parts: Sequence[Part], mirror: str) -> list[Finding]:
    upstreams = read_upstreams()
    forks = under_upstream_names(
        [part for part in parts if upstreams.get(part.name) == "pillow"], upstreams
    )
    asked = [*(part for part in parts if part.name not in upstreams), *forks]
    names = {
        fork.pinned: name for fork in forks for name, up in upstreams.items() if up == fork.name
    }
    kept = advisories.read_kept(advisories.cache_file())
    answers, reasons = advisories.ask(asked, mirror)
    known = kept | answers
    if answers:
        advisories.keep(known, advisories.cache_file())
    _tell_data(asked, answers, known, reasons)
    tables, looked_through = read_known_bugs()
    print(f"tables of upstreams and parsers: looked through on {looked_through}")
    return [
        *advisories.published_bugs(asked, known, names),
        *advisories.unanswered(asked, known),
        *bugs_of_upstreams(parts, upstreams, tables),
    ]


def _audit_system() -> tuple[list[Part], list[Finding]]:
    installed = debian.installed_packages()
    names, missing = debian.with_all_that_they_need(package_names(), installed)
    made_at = debian.security_list_made_at()
    if made_at is None:
        age = [Finding("debian", "", ("data",), "this machine has no list of security updates")]
    else:
        days = (datetime.now(UTC) - made_at).days
        print(
            f"Debian: {len(names)} packages; security list of {made_at:%Y-%m-%d}, {days} days old"
        )
        old = days > advisories.DATA_DAYS_MAX
        age = [Finding("debian", "", ("data",), f"the list of security updates is {days} days old")]
        age = age if old else []
    updates = debian.security_updates(names)
    found = [
        *age,
        *(
            Finding(name, installed[name].version, ("update",), f"security update {version}")
            for name, version in updates.items()
        ),
        *(
            Finding(name, installed[name].version, ("licence",), f"from {section}, not Debian main")
            for name, section in debian.outside_main(names, installed).items()
        ),
    ]
    if missing:
        print(f"not installed as Debian packages, so not audited: {', '.join(missing)}")
    return debian.system_parts(names, installed), found


def _tell_data(
    asked: Sequence[Part],
    answers: advisories.Answers,
    known: advisories.Answers,
    reasons: Sequence[str],
) -> None:
    pinned = {part.pinned for part in asked}
    print(f"Python: {len(pinned)} packages; advisories asked now for {len(answers)}")
    older = [known[one].days for one in pinned if one in known and one not in answers]
    if older:
        print(f"advisories kept from before for {len(older)}: up to {max(older)} days old")
    for reason in reasons:
        print(f"could not ask: {reason}")


def _tell(judgement: Judgement) -> None:
    explained = groupby(judgement.explained, key=lambda pair: (pair[0].part, pair[1].until))
    for (part, until), pairs in explained:
        ids = [finding.ids[0] for finding, _ in pairs]
        print(f"explained until {until}: {part} ({len(ids)}): {' '.join(ids)}")
    for part, name in judgement.idle:
        print(f"explanation of nothing found: {part} {name}")
    for finding in judgement.open:
        print(f"FINDING {finding.part} {finding.version} {' '.join(finding.ids)}: {finding.text}")
    print(f"{len(judgement.open)} findings, {len(judgement.explained)} explained")


def _site_packages() -> list[Path]:
    environments = Path(os.environ.get("RETRATO_VENV_DIR") or REPOSITORY / ".run")
    others = [
        folder
        for name in ("venv-decoder", "venv-ha")
        for folder in (environments / name).glob("lib/python3*/site-packages")
    ]
    return [*(Path(folder) for folder in sys.path if folder.endswith("site-packages")), *others]


def _run_folder() -> Path:
    requested = Path(os.environ.get("RETRATO_RUN_DIR") or REPOSITORY / ".run")
    return locate_run_folder(requested).root


def _own_version() -> str:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    return str(project["project"]["version"])


if __name__ == "__main__":
    typer.run(main)
