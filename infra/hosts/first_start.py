"""What happens once for all hosts, on the first of them: `python -m infra.hosts.first_start STEP`.

After `consensus`, etcd lets in Patroni and nobody else. After `data`, the databases have leaders,
roles and tables, so that services can start. Both can be repeated, and are, at every deployment:
what is done already stays as it is.
"""

import asyncio
import os
import sys
import time
from pathlib import Path

from infra.control.clusters import share_settings, wait_leader, wait_until_confirmed
from infra.control.failures import SuiteFailure
from infra.control.migrations import migrate_all
from infra.control.postgres_roles import prepare_primary
from infra.control.progress import Progress
from infra.failover.etcd import prepare_etcd
from infra.hosts.suites import suite_here
from infra.suite import Suite

FOLDER = "/var/lib/retrato"
# All hosts were told to start before; the slowest one may still boot.
_ETCD_WITHIN_S = 120.0
_POLL_S = 0.5


def main() -> None:
    """Do the step of the arguments for the suite of RETRATO_RUN_DIR; a failure is a sentence."""
    step = {"consensus": prepare_consensus, "data": prepare_data}[sys.argv[1]]
    suite = suite_here(Path(os.environ.get("RETRATO_RUN_DIR") or FOLDER))
    try:
        asyncio.run(step(suite, Progress()))
    except SuiteFailure as failure:
        sys.stderr.write(f"\n{failure}\n")
        sys.exit(1)


async def prepare_data(suite: Suite, progress: Progress) -> None:
    """Wait until each database has a leader, then make roles and migrate; raises SuiteFailure."""
    for database in suite.plan.databases:
        first = await wait_leader(suite, database)
        await share_settings(suite, database, first)
        progress.say(f"{database.name:<25} is led by {first.member.name}")
    await asyncio.gather(
        *(
            prepare_primary(suite, group, database)
            for group in suite.plan.groups.values()
            for database in group.databases
        )
    )
    await wait_until_confirmed(suite)
    await migrate_all(suite, progress)


async def prepare_consensus(suite: Suite, progress: Progress) -> None:
    """Wait for etcd, and let Patroni in; raises SuiteFailure."""
    deadline_s = time.monotonic() + _ETCD_WITHIN_S
    while True:
        try:
            await prepare_etcd(suite)
        except SuiteFailure:
            if time.monotonic() > deadline_s:
                raise
        else:
            break
        await asyncio.sleep(_POLL_S)
    progress.say("etcd lets in Patroni and nobody else")


if __name__ == "__main__":
    main()
