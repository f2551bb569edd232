"""The table of `make status` about the databases of a suite with failover."""

import asyncio
from collections.abc import Sequence

from infra.failover.patroni import Standing, leading, standings_of
from infra.holdings.positions import bytes_text
from infra.plan.parts import Database
from infra.suite import Suite

_TITLES = ("database", "leader", "timeline", "in sync", "lag")
_NO_FAILOVER = (
    "failover: none; a commit does not wait for the replica, and a lost disk loses the last writes"
    " (`make up HA=1`)"
)
_WIDTH = 2


async def database_lines(suite: Suite) -> tuple[list[str], bool]:
    """Return a line for each database, and whether each has a leader and a member in sync."""
    others = [
        f"the databases of {name} are somebody else's: {', '.join(m.host for m in group.members)}"
        for name, group in suite.plan.external_groups.items()
    ]
    if suite.plan.failover is None:
        return [*others, *([_NO_FAILOVER] if suite.plan.databases else [])], True
    databases = suite.plan.databases
    found = await asyncio.gather(*(standings_of(suite, one) for one in databases))
    rows = [_row(database, standings) for database, standings in zip(databases, found, strict=True)]
    is_well = all(row[1] and row[3] for row in rows)
    shown = [_TITLES, *(tuple(cell or "none" for cell in row) for row in rows)]
    widths = [max(map(len, column)) + _WIDTH for column in zip(*shown, strict=True)]
    return [*others, *(_line(row, widths) for row in shown)], is_well


def _row(database: Database, standings: Sequence[Standing]) -> tuple[str, str, str, str, str]:
    """Return name, leader, timeline, members in sync, and each other member's lag."""
    first = leading(standings)
    if first is None:
        return database.name, "", "", "", ""
    others = [one for one in standings if one.member != first.member]
    in_sync = " ".join(one.member.name for one in others if one.in_sync and one.is_well)
    lags = ", ".join(_lag(first, one) for one in others)
    return database.name, first.member.name, str(first.timeline), in_sync, lags


def _lag(first: Standing, other: Standing) -> str:
    if not other.answers:
        return f"{other.member.name} is silent"
    if not other.is_well or other.timeline != first.timeline:
        return f"{other.member.name} does not follow ({other.state})"
    return bytes_text(max(first.position - other.position, 0))


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
    return "".join(cells).rstrip()
