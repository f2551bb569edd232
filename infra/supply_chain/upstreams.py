"""Parts that carry another project's code under a name of their own, and that project's bugs."""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from infra.run_folder import REPOSITORY
from infra.supply_chain.findings import Finding
from infra.supply_chain.parts import Part

_UPSTREAMS = Path(__file__).with_name("upstreams.toml")
# The table of the decoder's parsers, which its tests hold the installed versions to.
_PARSERS = REPOSITORY / "services" / "upload" / "decoder" / "advisories.toml"
_REBUILD = re.compile(r"\.post\d+$")


@dataclass(frozen=True, slots=True)
class KnownBugs:
    """A project's published security bugs, all fixed in one version."""

    fixed_in: str
    advisories: Sequence[str]


def read_upstreams(file: Path = _UPSTREAMS) -> dict[str, str]:
    """Return the upstream's name by the name of the part."""
    table: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
    return dict(table["upstream_of"])


def read_known_bugs(
    files: Sequence[Path] = (_UPSTREAMS, _PARSERS),
) -> tuple[dict[str, KnownBugs], date]:
    """Return the tables' bugs by project, and the day of the oldest table."""
    known: dict[str, KnownBugs] = {}
    days: list[date] = []
    for file in files:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
        days.append(table["looked_through"])
        known |= {
            name: KnownBugs(row["fixed_in"], row["advisories"])
            for name, row in table.items()
            if isinstance(row, dict) and "fixed_in" in row
        }
    return known, min(days)


def under_upstream_names(parts: Iterable[Part], upstreams: Mapping[str, str]) -> list[Part]:
    """Return each fork as its upstream's release, for which advisories are published."""
    return [
        Part(upstreams[part.name], _REBUILD.sub("", part.version), part.use)
        for part in parts
        if part.name in upstreams
    ]


def bugs_of_upstreams(
    parts: Iterable[Part], upstreams: Mapping[str, str], known: Mapping[str, KnownBugs]
) -> list[Finding]:
    """Return a finding for each bug that the tables know of a part's version."""
    found = []
    for part in parts:
        upstream = upstreams.get(part.name, part.name)
        bugs = known.get(upstream)
        if bugs is None or not _older(_REBUILD.sub("", part.version), bugs.fixed_in):
            continue
        found += [
            Finding(part.name, part.version, (name,), f"fixed in {upstream} {bugs.fixed_in}")
            for name in bugs.advisories
        ]
    return found


def _older(version: str, fixed_in: str) -> bool:
    return _numbers(version) < _numbers(fixed_in)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))
