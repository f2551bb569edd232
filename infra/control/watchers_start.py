"""Starts what watches, once everything else answers; a suite without it works as well."""

import asyncio

from infra.control.closing import close_connection
from infra.control.health import connect_superuser
from infra.control.postgres_roles import PLAIN, reload_members, set_role
from infra.control.progress import Progress
from infra.control.redis_users import tell_redis_users
from infra.control.start import start_process
from infra.control.supervisor import Supervisor
from infra.leaders import leader
from infra.plan.database_roles import MONITOR_ROLE
from infra.plan.parts import Database
from infra.plan.secret_names import WATCH_POSTGRES
from infra.process import Process, Tier
from infra.processes import processes_of
from infra.suite import Suite

# The exporter keeps one connection; a second one while it starts again.
_CONNECTIONS_MAX = 3


async def start_watchers(suite: Suite, progress: Progress) -> None:
    """Start the watchers that do not run, with their roles in Postgres and Redis.

    Raises SuiteFailure if one does not answer; everything else runs then nevertheless.
    """
    watchers = [process for process in processes_of(suite) if process.tier == Tier.WATCHERS]
    if not watchers:
        return
    supervisor = Supervisor(suite.folder)
    supervisor.reload()
    if suite.plan.watch is not None:
        await asyncio.gather(*(_make_role(suite, database) for database in suite.plan.databases))
        await tell_redis_users(suite)
    states = supervisor.states()
    late = [process for process in watchers if not states[process.name].is_up]

    async def start(process: Process) -> None:
        await start_process(suite, supervisor, process, progress)

    await asyncio.gather(*(start(process) for process in late))
    if late:
        progress.say(f"{len(late)} watchers answer: {', '.join(process.name for process in late)}")


async def _make_role(suite: Suite, database: Database) -> None:
    """Create the role that reads statistics; replicas get it by replication."""
    connection = await connect_superuser(suite, leader(database), writes=True)
    try:
        await set_role(
            connection,
            MONITOR_ROLE,
            f"LOGIN {PLAIN} CONNECTION LIMIT {_CONNECTIONS_MAX}",
            suite.secrets[WATCH_POSTGRES],
        )
        await connection.execute(f"GRANT pg_monitor TO {MONITOR_ROLE}")
    finally:
        await close_connection(connection)
    await reload_members(suite, database)
