"""Restarts Postgres servers of a suite with failover: those that follow first, then the leader."""

import asyncio
import time
from collections.abc import Iterable

from infra.control.clusters import wait_in_sync
from infra.control.progress import Progress
from infra.control.start import start_process
from infra.control.stop import wait_stopped
from infra.control.supervisor import Supervisor
from infra.control.switchover import switch_over
from infra.failover.patroni import leading, standings_of
from infra.failover.roles import database_of
from infra.plan.parts import Database
from infra.process import Process
from infra.suite import Suite


async def restart_members(
    suite: Suite,
    supervisor: Supervisor,
    chosen: Iterable[Process],
    described: set[str],
    progress: Progress,
) -> None:
    """Restart servers, one database after the other; `described` start in another way from now on.

    A server that leads first hands over, so that writes pause for seconds only.
    """
    by_name = {process.server: process for process in chosen}
    for database in suite.plan.databases:
        for process in await _in_turn(suite, database, by_name):
            await _restart(suite, supervisor, process, process.name in described, progress)


async def _in_turn(suite: Suite, database: Database, by_name: dict[str, Process]) -> list[Process]:
    """Return the chosen servers of a database; who leads is the last."""
    first = leading(await standings_of(suite, database))
    members = [one for one in database.members if first is None or one != first.member]
    members += [first.member] if first else []
    return [by_name[member.name] for member in members if member.name in by_name]


async def _restart(
    suite: Suite, supervisor: Supervisor, process: Process, is_described: bool, progress: Progress
) -> None:
    began_s = time.monotonic()
    database = database_of(suite, suite.plan.member(process.server))
    first = leading(await standings_of(suite, database))
    if first is not None and first.member.name == process.server and len(database.members) > 1:
        await switch_over(suite, database.name, "", progress)
    supervisor.begin_stop(process.name)
    await asyncio.to_thread(wait_stopped, supervisor, [process])
    if is_described:
        supervisor.renew(process.name)
    await start_process(suite, supervisor, process, progress)
    if len(database.members) > 1:
        await wait_in_sync(suite, database)
    progress.say(f"{process.name:<25} is back after {time.monotonic() - began_s:.1f} s")
