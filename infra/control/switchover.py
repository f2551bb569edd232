"""Hands a database over to the member in sync, without the loss of a write."""

import asyncio
import time

from infra.control.clusters import wait_in_sync
from infra.control.failures import SuiteFailure
from infra.control.progress import Progress
from infra.failover.patroni import Standing, leading, standings_of, tell
from infra.plan.parts import Database
from infra.suite import Suite

# Patroni waits at most ten seconds for the end of the former leader, and then some for the new one.
_LEADS_WITHIN_S = 60.0
_POLL_S = 0.1


async def switch_over(suite: Suite, name: str, to: str, progress: Progress) -> None:
    """Let another member lead the database `name`, then wait until a member is in sync again.

    `to` may name that member. Raises SuiteFailure if none is in sync, or it is another one.
    """
    database = _database_named(suite, name)
    first = await _leader_of(suite, database)
    heir = await wait_in_sync(suite, database)
    if to == first.member.name:
        progress.say(f"{to} leads {name} already")
        return
    if to and to != heir.member.name:
        known = ", ".join(member.name for member in database.members)
        raise SuiteFailure(f"TO= wants the member in sync, {heir.member.name}, of {known}.")
    began_s = time.monotonic()
    said = {"leader": first.member.name, "candidate": heir.member.name}
    await tell(suite, first.member, "POST", "/switchover", said)
    await _wait_leads(suite, database, heir)
    progress.say(f"{heir.member.name} leads {name} after {time.monotonic() - began_s:.1f} s")
    back = await wait_in_sync(suite, database)
    progress.say(f"{back.member.name} is in sync after {time.monotonic() - began_s:.1f} s")


def _database_named(suite: Suite, name: str) -> Database:
    for database in suite.plan.databases:
        if database.name == name:
            return database
    known = ", ".join(database.name for database in suite.plan.databases)
    raise SuiteFailure(f"P= wants the name of a database: {known}.")


async def _leader_of(suite: Suite, database: Database) -> Standing:
    first = leading(await standings_of(suite, database))
    if first is None:
        raise SuiteFailure(f"No member of {database.name} leads: `make status` shows all of them.")
    return first


async def _wait_leads(suite: Suite, database: Database, heir: Standing) -> None:
    deadline_s = time.monotonic() + _LEADS_WITHIN_S
    while True:
        first = leading(await standings_of(suite, database))
        if first is not None and first.member == heir.member:
            return
        if time.monotonic() > deadline_s:
            raise SuiteFailure(
                f"{heir.member.name} does not lead after {_LEADS_WITHIN_S:.0f} s: see"
                f" {suite.folder.process_log(f'postgres-{heir.member.name}')}."
            )
        await asyncio.sleep(_POLL_S)
