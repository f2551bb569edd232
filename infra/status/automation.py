"""Says whether automation acts, and what it has done."""

import datetime as dt
from collections.abc import Sequence

from infra.automation.actions import Action
from infra.automation.decisions import Mode

_SHOWN = 20
_SAID = {
    "on": "automation: it acts on alerts",
    "off": "automation: switched off, so that alerts reach people only (`make automation ON=1`)",
    "dry": "automation: it only says what it would do (`make automation ON=1`)",
}


def automation_lines(mode: Mode, actions: Sequence[Action]) -> list[str]:
    """Return a line about the switch, then one for each of the latest actions, newest first."""
    return [_SAID[mode], *(_line(action) for action in reversed(actions[-_SHOWN:]))]


def _line(action: Action) -> str:
    at = f"{dt.datetime.fromtimestamp(action.at, dt.UTC):%Y-%m-%d %H:%M:%S}"
    what = f"{action.verb} {action.target}".strip()
    return f"  {at} UTC  {action.outcome:<8} {what:<28} for {action.alert}: {action.why}"
