"""Remembers how each upkeep command ended, so that a doubt is seen after its terminal is closed."""

import json
import time
from dataclasses import asdict, dataclass

from infra.accounts import account_for
from infra.json_files import read_json
from infra.rendering.files import write_rendered
from infra.suite import Suite


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of a command's last run: Unix time, and whether all was as it should be."""

    at: float
    is_well: bool


def note_outcome(suite: Suite, command: str, *, is_well: bool) -> None:
    """Keep the outcome of a command in place of its last one."""
    kept = {**outcomes(suite), command: Outcome(time.time(), is_well)}
    text = json.dumps({name: asdict(one) for name, one in kept.items()}, indent=1) + "\n"
    write_rendered(suite.folder.upkeep_file, text, account_for("supervisor"))


def outcomes(suite: Suite) -> dict[str, Outcome]:
    """Return the last outcome of every command that has run."""
    file = suite.folder.upkeep_file
    kept = read_json(file) if file.exists() else {}
    return {name: Outcome(**one) for name, one in kept.items()}
