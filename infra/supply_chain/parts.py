"""Parts of others: Python packages from lock files, and packages of Debian."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from infra.run_folder import REPOSITORY

_LOCKS = REPOSITORY / "infra" / "locks"
_PINNED = re.compile(r"^([A-Za-z0-9][\w.-]*)==([^\s;\\]+)", re.MULTILINE)


class Use(StrEnum):
    """What a part is there for; tools are audited, but are no part of what runs."""

    RUNTIME = "runtime"
    DECODER = "decoder"
    FAILOVER = "failover"
    BROWSER = "browser"
    TOOLS = "tools"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True, order=True)
class Part:
    """A package of others; `licences` are SPDX expressions, or names as Debian writes them."""

    name: str
    version: str
    use: Use
    licences: tuple[str, ...] = ()

    @property
    def pinned(self) -> str:
        """Name and version as a requirement, by which answers about it are kept."""
        return f"{self.name}=={self.version}"


def python_parts(locks: Path = _LOCKS) -> list[Part]:
    """Return the Python packages of the lock files, each once for its most exposed use."""
    runtime, decoder, tools, failover = (
        pinned_in((locks / name).read_text(encoding="ascii"))
        for name in ("main.txt", "decoder.txt", "dev.txt", "ha.txt")
    )
    return [
        *_parts(decoder, Use.DECODER),
        *_parts(runtime, Use.RUNTIME),
        # An environment of its own, whose versions may differ.
        *_parts(dict(failover.items() - runtime.items()), Use.FAILOVER),
        *_parts(
            {name: tools[name] for name in tools.keys() - runtime.keys() - failover.keys()},
            Use.TOOLS,
        ),
    ]


def pinned_in(lock: str) -> dict[str, str]:
    """Return version by normalised name."""
    return {normalised(name): version for name, version in _PINNED.findall(lock)}


def normalised(name: str) -> str:
    """Return a Python package's name in the one spelling of PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _parts(versions: Mapping[str, str], use: Use) -> Iterable[Part]:
    return (Part(name, version, use) for name, version in sorted(versions.items()))
