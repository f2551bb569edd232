"""Reads which version and which commit of the code is checked out."""

import tomllib
from pathlib import Path
from typing import NamedTuple

from infra.run_folder import REPOSITORY

UNKNOWN = "unknown"
_DIGITS = 12


class CodeVersion(NamedTuple):
    """The version of pyproject.toml, and the commit in short or `unknown`."""

    version: str
    revision: str


def code_version(checkout: Path = REPOSITORY) -> CodeVersion:
    """Return what is checked out; a tree without git has no revision."""
    project = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return CodeVersion(project["version"], _revision(checkout / ".git")[:_DIGITS] or UNKNOWN)


def _revision(git: Path) -> str:
    try:
        head = (git / "HEAD").read_text(encoding="ascii").strip()
        name = head.removeprefix("ref: ")
        if name == head:
            return head
        loose = git / name
        if loose.exists():
            return loose.read_text(encoding="ascii").strip()
        packed = (git / "packed-refs").read_text(encoding="ascii").splitlines()
        return next((line.split()[0] for line in packed if line.endswith(f" {name}")), "")
    except OSError:
        return ""
