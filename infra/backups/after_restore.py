"""Repairs a restored suite before it opens to the public.

The primaries are restored to slightly different positions. Accounts that were deleted after the
restored time are back, and must be deleted again.
"""

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from infra.backups.primaries import connected
from infra.backups.subprocesses import BackupFailure
from infra.control.database_rotation import finish_database_rotations
from infra.control.failures import SuiteFailure
from infra.control.progress import Progress
from infra.control.reconcile import reconcile_all
from infra.control.start import start_suite
from infra.control.upkeep import run_upkeep
from infra.leaders import leader
from infra.process import Tier
from infra.suite import Suite
from shared.ids import EPOCH_MS
from shared.jobs.edge_reconciler import REPAIR_RULES

_SEQUENCE_BITS = 10
# A lost primary was less than two rounds beyond the newest mark. This matters only if this
# machine's clock is behind the lost one's; otherwise next_id() follows the clock.
_UNMARKED = timedelta(minutes=2)
_ERASED_WITHIN_S = 300.0
_POLL_S = 1.0


async def start_restored(suite: Suite, progress: Progress) -> None:
    """Start a restored suite, repair it, and start the balancers last; repeat it if interrupted."""
    await start_suite(suite, progress, upto=Tier.REPLICAS)
    file = suite.folder.restored_file
    if file.exists():
        to_do = json.loads(file.read_text(encoding="utf-8"))
        raised = await raise_ids(suite, datetime.fromisoformat(to_do["newest"]))
        progress.say(f"ids: {raised} shards go on above all that were given out")
        await start_suite(suite, progress, upto=Tier.GATEWAYS)
        await _repair(suite, to_do["erased"], progress)
        file.unlink()
    await start_suite(suite, progress, upto=Tier.BALANCERS)
    # The databases may let logins in that were closed after the restored time.
    await finish_database_rotations(suite, progress)


async def raise_ids(suite: Suite, newest: datetime) -> int:
    """Set every shard's id clock above all ids that may exist; returns the number of shards.

    An id contains its time, so an id above the newest mark's time is above all earlier ones.
    """
    floor = id_clock_floor(newest)
    shards = 0
    for group in suite.plan.groups.values():
        for database in group.databases:
            async with connected(suite, leader(database), database=group.name) as connection:
                rows = await connection.fetch(
                    "SELECT schemaname FROM pg_sequences WHERE sequencename = 'id_clock'"
                )
                for row in rows:
                    clock = f'"{row["schemaname"]}".id_clock'
                    await connection.execute(
                        f"SELECT setval('{clock}', greatest(last_value, $1::bigint))"  # noqa: S608
                        f" FROM {clock}",
                        floor,
                    )
                shards += len(rows)
    return shards


def id_clock_floor(newest: datetime) -> int:
    """Return an id clock, as next_id() counts, that is above all ids from before the loss."""
    milliseconds = int((newest + _UNMARKED).timestamp() * 1000) - EPOCH_MS
    return milliseconds << _SEQUENCE_BITS


async def _repair(suite: Suite, erased: Sequence[int], progress: Progress) -> None:
    if erased:
        progress.say(f"{len(erased)} accounts were deleted after that moment: deleting them again")
        await asyncio.to_thread(run_upkeep, suite, "users", "erase", "--users", *map(str, erased))
        await _wait_erased(suite, erased, progress)
    # The primaries have different positions, so the repair may exceed the usual limit.
    await reconcile_all(suite, progress, replace(REPAIR_RULES, may_exceed=True))
    try:
        await asyncio.to_thread(run_upkeep, suite, "upload", "verify")
    except SuiteFailure:
        # The command has named them. The suite opens anyway, because the rest is complete.
        progress.say("some photos are missing, as said above")
    progress.say("timelines are made anew from the databases as they are read")


async def _wait_erased(suite: Suite, erased: Sequence[int], progress: Progress) -> None:
    deadline_s = time.monotonic() + _ERASED_WITHIN_S
    while left := await _unfinished(suite, erased):
        if time.monotonic() > deadline_s:
            raise BackupFailure(
                f"The deletion of {len(left)} accounts is not finished: the workers go on with it."
                " `make up` opens the suite once it is."
            )
        await asyncio.sleep(_POLL_S)
    progress.say(f"{len(erased)} accounts are deleted from all services")


async def _unfinished(suite: Suite, erased: Sequence[int]) -> list[int]:
    left: list[int] = []
    group = suite.plan.groups["users"]
    for database in group.databases:
        async with connected(suite, leader(database), database=group.name) as connection:
            schemas = await connection.fetch(
                "SELECT schemaname FROM pg_tables WHERE tablename = 'deletion'"
            )
            for row in schemas:
                rows = await connection.fetch(
                    f'SELECT user_id FROM "{row["schemaname"]}".deletion'  # noqa: S608
                    " WHERE user_id = ANY($1::bigint[]) AND (users_finished_at IS NULL"
                    " OR feed_finished_at IS NULL OR upload_finished_at IS NULL)",
                    erased,
                )
                left += [found["user_id"] for found in rows]
    return left
