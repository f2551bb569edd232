"""Says who leads and who follows, on all hosts: `python -m infra.hosts.standing`."""

import asyncio
import os
import sys
from pathlib import Path

from infra.failover.patroni import Standing, standings_of
from infra.hosts.first_start import FOLDER
from infra.hosts.suites import suite_here
from infra.suite import Suite


def main() -> None:
    """Print a line for each server; one that neither leads nor streams is not well."""
    suite = suite_here(Path(os.environ.get("RETRATO_RUN_DIR") or FOLDER))
    for line in asyncio.run(lines_of(suite)):
        sys.stdout.write(f"{line}\n")


async def lines_of(suite: Suite) -> list[str]:
    """Return a line for each Postgres server of the suite."""
    standings = [await standings_of(suite, database) for database in suite.plan.databases]
    return [_line(suite, one) for found in standings for one in found]


def _line(suite: Suite, standing: Standing) -> str:
    member = standing.member
    host = suite.plan.process(f"postgres-{member.name}").host
    role = "leads" if standing.leads else "follows" if standing.is_well else "is not well"
    sync = ", in sync" if standing.in_sync else ""
    return f"{host:<12} {member.name:<20} {role}{sync}, timeline {standing.timeline}"


if __name__ == "__main__":
    main()
