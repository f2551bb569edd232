"""Debian packages: those that the suite needs with all that they need, and their updates."""

import re
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

from infra.supply_chain.parts import Part, Use

_LISTS = Path("/var/lib/apt/lists")
_DOCUMENTS = Path("/usr/share/doc")
_FIELDS = "\t".join(
    (
        "${db:Status-Abbrev}",
        "${Package}",
        "${Version}",
        "${Section}",
        "${Pre-Depends}, ${Depends}",
        "${Provides}\\n",
    )
)
_SECURITY = re.compile(r"^Label: Debian-Security$", re.MULTILINE)
_COMMON_LICENCE = re.compile(r"/usr/share/common-licenses/([A-Za-z]+(?:-\d+(?:\.\d+)*)?)")
_LICENCE_FIELD = re.compile(r"^License: *(\w\S*(?: \S+)*) *$", re.MULTILINE)
# A longer value is the licence's text, not its name.
_WORDS_MAX = 6
_RUN_S_MAX = 60


@dataclass(frozen=True, slots=True)
class Installed:
    """An installed package; `needs` holds one tuple of alternatives for each dependency."""

    version: str
    section: str
    needs: tuple[tuple[str, ...], ...]
    provides: tuple[str, ...]


def installed_packages(listing: str | None = None) -> dict[str, Installed]:
    """Return all installed packages by name, as dpkg says."""
    text = _run(["dpkg-query", "--show", f"--showformat={_FIELDS}"]) if listing is None else listing
    found = {}
    for line in text.splitlines():
        status, name, version, section, needs, provides = line.split("\t")
        if status.startswith("ii"):
            found[name] = Installed(
                version,
                section,
                tuple(
                    tuple(_name(one) for one in group.split("|"))
                    for group in needs.split(",")
                    if group.strip()
                ),
                tuple(_name(one) for one in provides.split(",") if one.strip()),
            )
    return found


def with_all_that_they_need(
    names: Iterable[str], installed: Mapping[str, Installed]
) -> tuple[list[str], list[str]]:
    """Return the packages and what they need, recursively; and the names that are not installed."""
    providers: dict[str, str] = {}
    for name, package in installed.items():
        for provided in package.provides:
            providers.setdefault(provided, name)
    waiting, found, missing = list(names), set[str](), list[str]()
    asked = set(waiting)
    while waiting:
        name = waiting.pop()
        real = name if name in installed else providers.get(name)
        if real is None:
            missing += [name] if name in asked else []
        elif real not in found:
            found.add(real)
            waiting += [one for group in installed[real].needs for one in group]
    return sorted(found), sorted(missing)


def outside_main(names: Iterable[str], installed: Mapping[str, Installed]) -> dict[str, str]:
    """Return the section of each package that is not in Debian main, which is all free software."""
    sections = {name: installed[name].section for name in names}
    return {name: section for name, section in sections.items() if "/" in section}


def system_parts(names: Iterable[str], installed: Mapping[str, Installed]) -> list[Part]:
    """Return the named packages with their versions and licences."""
    return [Part(name, installed[name].version, Use.SYSTEM, licences_of(name)) for name in names]


def licences_of(name: str, documents: Path = _DOCUMENTS) -> tuple[str, ...]:
    """Return the licences that a package's copyright file names; empty if it names none."""
    try:
        text = (documents / name / "copyright").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ()
    fields = {found for found in _LICENCE_FIELD.findall(text) if len(found.split()) <= _WORDS_MAX}
    # Older files are prose, which refers to the copies that each machine has.
    return tuple(sorted(fields or set(_COMMON_LICENCE.findall(text))))


def security_updates(names: Iterable[str], policy: str | None = None) -> dict[str, str]:
    """Return the newest version in the security archive, for each package that is older."""
    text = _run(["apt-cache", "policy", *names]) if policy is None else policy
    updates: dict[str, str] = {}
    name, version, newer = "", "", False
    for line in text.splitlines():
        if line and not line.startswith(" "):
            name, newer = line.removesuffix(":"), True
        elif found := re.match(r" (\*\*\*|   ) (\S+) -?\d+$", line):
            version = found[2]
            newer = newer and found[1] != "***"
        elif newer and re.match(r" +-?\d+ .*-security[/ ]", line):
            updates.setdefault(name, version)
    return updates


def security_list_made_at(lists: Path = _LISTS) -> datetime | None:
    """Return when Debian signed the list of security updates that this machine has, if it has."""
    dates = [
        parsedate_to_datetime(date[1]).astimezone(UTC)
        for file in lists.glob("*InRelease")
        for text in [file.read_text(encoding="utf-8", errors="replace")]
        if _SECURITY.search(text) and (date := re.search(r"^Date: (.+)$", text, re.MULTILINE))
    ]
    return max(dates, default=None)


def _name(dependency: str) -> str:
    return dependency.strip().split(" ")[0].split(":")[0]


def _run(command: list[str]) -> str:
    return subprocess.run(
        command,
        check=True,
        capture_output=True,
        text=True,
        timeout=_RUN_S_MAX,
        env={"LC_ALL": "C", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
    ).stdout
