"""Finds which member of a database led last, from the data folders of a suite that may be down."""

import re
from pathlib import Path

from infra.holdings.control_data import FolderDamaged, read_control_data
from infra.leaders import leader
from infra.plan.parts import Database, Member
from infra.rendering.postgres import data_folder
from infra.suite import Suite

_HISTORY = re.compile(r"([0-9A-F]{8})\.history")


def last_leader(suite: Suite, database: Database) -> Member:
    """Return the member whose data led last; without failover that is always the first.

    A member that follows has a standby.signal. Of two without one, the later timeline was promoted
    while the other was lost. If all follow, the one with most of the log may lead.
    """
    if suite.plan.failover is None:
        return leader(database)
    ranked = {member: _rank(data_folder(suite, member)) for member in database.members}
    newest = max(ranked.values())
    return next(member for member in database.members if ranked[member] == newest)


def _rank(folder: Path) -> tuple[bool, int, int]:
    """Return whether it led, its timeline and position; unusable data is the least of all."""
    try:
        control = read_control_data(folder)
    except (FolderDamaged, OSError):
        return (False, -1, -1)
    led = not (folder / "standby.signal").exists()
    return (led, max(control.timeline, _newest_history(folder)), control.position)


def _newest_history(folder: Path) -> int:
    """Return the timeline of the newest promotion, which the control file learns a little later."""
    found = [_HISTORY.fullmatch(entry.name) for entry in (folder / "pg_wal").iterdir()]
    return max((int(match[1], 16) for match in found if match), default=0)
