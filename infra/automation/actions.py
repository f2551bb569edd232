"""What automation has done, newest last, in a file that its other process shows."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

KEPT_MAX = 200
_BYTES_MAX = 1_000_000


@dataclass(frozen=True, slots=True)
class Action:
    """One reaction: when it ended, for which alert, and how.

    Outcomes: done, failed, refused (by a bound), off, dry (not done, because of a dry run).
    """

    at: float
    alert: str
    verb: str
    target: str
    outcome: str
    why: str
    seconds: float = 0.0
    number: int = 0  # counts all actions of the suite

    @property
    def dry_run(self) -> bool:
        """Whether it was only said."""
        return self.outcome == "dry"

    def as_json(self) -> dict[str, object]:
        """Return it as the page of operators reads it."""
        return {**asdict(self), "dry_run": self.dry_run}


def read_actions(file: Path) -> list[Action]:
    """Return the kept actions, oldest first; none if the file is missing or broken."""
    try:
        with file.open("rb") as handle:
            read = json.loads(handle.read(_BYTES_MAX))
        return [_action(one) for one in read]
    except (OSError, ValueError, TypeError, KeyError):
        return []


def with_action(actions: list[Action], action: Action) -> list[Action]:
    """Return the actions to keep after another one."""
    return [*actions, action][-KEPT_MAX:]


def text_of(actions: list[Action]) -> str:
    """Return the actions as the file has them."""
    return json.dumps([asdict(action) for action in actions], indent=1) + "\n"


def _action(read: dict[str, object]) -> Action:
    names = Action.__dataclass_fields__
    return Action(**{name: value for name, value in read.items() if name in names})  # type: ignore[arg-type]
