"""Renders the file of values that running processes follow without a restart."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager

from infra.accounts import account_for
from infra.plan.parts import Plan
from infra.rendering.files import write_rendered
from infra.scaling.switches import Switches, change_switches, read_switches
from infra.sizing import at_work_max
from infra.suite import Suite

# Every part may read it, and nothing in it is secret.
LIVE_FILE_MODE = 0o644
# Whoever may open it could hold it.
_LOCK_MODE = 0o600


def render_live(suite: Suite) -> None:
    """Write the file; whoever reads it notices the change within a second."""
    with _alone(suite):
        _render(suite, read_switches(suite.folder.switches_file))


def switch(suite: Suite, **changes: float | str) -> Switches:
    """Change switches while the suite runs, also beside a command that works on it.

    The next start finds them as they are. Returns all switches.
    """
    with _alone(suite):
        switches = change_switches(suite.folder.switches_file, **changes)
        _render(suite, switches)
    return switches


def live_text(plan: Plan, switches: Switches) -> str:
    """Return the text of the file."""
    names = [name for name in plan.services if name not in plan.groups]
    values = {
        "at_work_max": {name: at_work_max(plan, name) for name in names},
        **switches.as_json(),
    }
    return json.dumps(values, indent=2, sort_keys=True) + "\n"


def _render(suite: Suite, switches: Switches) -> None:
    text = live_text(suite.plan, switches)
    write_rendered(suite.folder.live_file, text, account_for("supervisor"), LIVE_FILE_MODE)


@contextmanager
def _alone(suite: Suite) -> Iterator[None]:
    """Keep others from writing an older state of the switches meanwhile."""
    suite.folder.etc.mkdir(parents=True, exist_ok=True)
    with (suite.folder.etc / "live.lock").open("w") as lock:
        os.fchmod(lock.fileno(), _LOCK_MODE)
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
