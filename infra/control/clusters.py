"""Starts the databases of a suite with failover: etcd first, then a leader of each database."""

import asyncio
import time
from collections.abc import Collection

from infra.control.failures import SuiteFailure
from infra.control.progress import Progress
from infra.control.supervisor import Supervisor
from infra.failover.etcd import forget_cluster, known_clusters, prepare_etcd
from infra.failover.patroni import Standing, leading, standings_of, tell
from infra.failover.roles import server_in_role
from infra.failover.settings import always_waits, shared_settings
from infra.holdings.last_leaders import last_leader
from infra.leaders import leader
from infra.plan.parts import Database
from infra.rendering.postgres import data_folder
from infra.suite import Suite

# A member that led before waits for its own lease to end, and recovers at most 512 MB of log.
_LEADS_WITHIN_S = 120.0
# The other member copies the data first, if it has none.
_IN_SYNC_WITHIN_S = 120.0
_TAKES_SETTINGS_WITHIN_S = 30.0
_POLL_S = 0.25


async def start_clusters(
    suite: Suite, supervisor: Supervisor, made: Collection[str], progress: Progress
) -> None:
    """Start Patroni until each database has a leader; `made` has databases with new data.

    Raises SuiteFailure if none leads in time. Members without data copy it from the leader.
    """
    await prepare_etcd(suite)
    known = await known_clusters(suite)
    for name in sorted(known & set(made)):
        await forget_cluster(suite, name)
    await asyncio.gather(
        *(
            _start_cluster(suite, supervisor, database, database.name in known - set(made))
            for database in suite.plan.databases
        )
    )
    for database in suite.plan.databases:
        first = await server_in_role(suite, leader(database))
        progress.say(f"{database.name:<25} is led by {first.name}")


async def wait_until_confirmed(suite: Suite) -> None:
    """Wait until each database whose writes always wait for another member has one in sync."""
    if suite.plan.failover is None:
        return
    waiting = [database for database in suite.plan.databases if always_waits(database)]
    await asyncio.gather(*(wait_in_sync(suite, database) for database in waiting))


async def _start_cluster(
    suite: Suite, supervisor: Supervisor, database: Database, is_known: bool
) -> None:
    """Start one database's members: those with data if etcd knows it, else who led last.

    etcd knows who may lead, so that no member leads which lacks an acknowledged write. Without
    that knowledge the last leader takes its place first, and the others follow it.
    """
    members = [one for one in database.members if data_folder(suite, one).exists()]
    if not is_known:
        members = [last_leader(suite, database)]
    for member in members:
        supervisor.start(f"postgres-{member.name}")
    first = await wait_leader(suite, database)
    # The others copy or catch up while the shards are migrated.
    for member in database.members:
        supervisor.start(f"postgres-{member.name}")
    await share_settings(suite, database, first)


async def share_settings(suite: Suite, database: Database, first: Standing) -> None:
    """Give the members the topology's present settings; a new leader takes them a little later."""
    if suite.plan.failover is None:
        return
    settings = shared_settings(database, suite.plan.failover, suite.plan.limits)
    deadline_s = time.monotonic() + _TAKES_SETTINGS_WITHIN_S
    while True:
        try:
            await tell(suite, first.member, "PATCH", "/config", settings)
        except SuiteFailure:
            if time.monotonic() > deadline_s:
                raise
        else:
            return
        await asyncio.sleep(_POLL_S)


async def wait_leader(suite: Suite, database: Database) -> Standing:
    """Wait until a member of the database leads; returns it, raises SuiteFailure."""
    deadline_s = time.monotonic() + _LEADS_WITHIN_S
    while (first := leading(await standings_of(suite, database))) is None:
        if time.monotonic() > deadline_s:
            logs = ", ".join(
                str(suite.folder.process_log(f"postgres-{one.name}")) for one in database.members
            )
            raise SuiteFailure(
                f"No member of {database.name} leads after {_LEADS_WITHIN_S:.0f} s. If the one that"
                f" led last is lost for good, docs/operations/failover.md says what to do. See"
                f" {logs}."
            )
        await asyncio.sleep(_POLL_S)
    return first


async def wait_in_sync(suite: Suite, database: Database) -> Standing:
    """Wait until a member is in sync with the leader; returns it, raises SuiteFailure."""
    deadline_s = time.monotonic() + _IN_SYNC_WITHIN_S
    while True:
        found = [one for one in await standings_of(suite, database) if one.in_sync and one.is_well]
        if found:
            return found[0]
        if time.monotonic() > deadline_s:
            raise SuiteFailure(
                f"No member of {database.name} is in sync with its leader after"
                f" {_IN_SYNC_WITHIN_S:.0f} s: `make status` shows all of them."
            )
        await asyncio.sleep(_POLL_S)
