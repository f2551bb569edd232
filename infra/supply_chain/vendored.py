"""Libraries for browsers that stand in the tree, with the digests of their files."""

import hashlib
import tomllib
from pathlib import Path
from typing import Any

from infra.run_folder import REPOSITORY
from infra.supply_chain.findings import Finding
from infra.supply_chain.parts import Part, Use

_TABLE = Path(__file__).with_name("vendored.toml")


def vendored_parts(file: Path = _TABLE) -> list[Part]:
    """Return each library with its licence."""
    return [
        Part(name, row["version"], Use.BROWSER, (row["licence"],))
        for name, row in _rows(file).items()
    ]


def changed_files(file: Path = _TABLE, root: Path = REPOSITORY) -> list[Finding]:
    """Return a finding for each file that is not as it was published, is missing, or is unknown."""
    return [
        Finding(name, row["version"], ("file",), f"{row['folder']}/{one} is not as published")
        for name, row in _rows(file).items()
        for one in _differing(root / row["folder"], row["sha256"])
    ]


def _differing(folder: Path, digests: dict[str, str]) -> list[str]:
    there = {path.name: path for path in folder.glob("*")}
    return sorted(
        name
        for name in there.keys() | digests.keys()
        if name not in there
        or hashlib.sha256(there[name].read_bytes()).hexdigest() != digests.get(name)
    )


def _rows(file: Path) -> dict[str, Any]:
    return tomllib.loads(file.read_text(encoding="utf-8"))
