"""Stops the suite and records in the ledger what it held."""

import asyncio
import datetime as dt

import asyncpg

from infra.control.failures import SuiteFailure
from infra.control.progress import Progress
from infra.control.recording import record_if_possible, record_stopped
from infra.control.stop import stop_suite
from infra.suite import Suite

# As long as a stop may wait for it.
_ERASURES_SECONDS = 15
_FAULTS = (SuiteFailure, OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)


def stop_and_record(suite: Suite, progress: Progress) -> bool:
    """Stop everything; returns False if nothing ran.

    The ledger goes into the databases while they still answer. It goes into the run folder after
    they are closed, because only then their last positions are known.
    """

    def record() -> None:
        asyncio.run(_keep_last_erasures(suite, progress))
        if not asyncio.run(record_if_possible(suite)):
            progress.say("the ledger stays as it was: not every primary answers")

    ran = stop_suite(suite, progress, before_data_stops=record)
    record_stopped(suite)
    return ran


async def _keep_last_erasures(suite: Suite, progress: Progress) -> None:
    """Add the deletions since the keeper's last round to the backups' list.

    Without them a later restore would bring those accounts back.
    """
    if not suite.plan.backup.enabled:
        return
    # Half a second of imports, which the other commands need not pay.
    from infra.backups.bucket import open_bucket
    from infra.backups.erasures import keep_erasures
    from infra.backups.place import place_of
    from infra.backups.temporary_store import answers

    place = place_of(suite)
    if not await answers(place.host, place.port):
        progress.say("deletions of the last seconds are not in the backups' list: no store answers")
        return
    try:
        async with asyncio.timeout(_ERASURES_SECONDS), open_bucket(place) as bucket:
            await keep_erasures(suite, bucket, place, dt.datetime.now(dt.UTC))
    except _FAULTS as fault:
        why = str(fault) or type(fault).__name__
        progress.say(f"deletions of the last seconds are not in the backups' list: {why}")
