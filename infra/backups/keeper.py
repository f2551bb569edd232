"""The process that takes backups by schedule: `python -m infra.backups.keeper`."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial

from infra.backups import keeper_metrics as metrics
from infra.backups.bucket import open_bucket
from infra.backups.disks import watch_disks
from infra.backups.due import due_backup, forgotten_after_days
from infra.backups.place import place_of
from infra.backups.rounds import Rounds
from infra.backups.witness import keep_witness
from infra.own_processes import settings_of_process
from infra.plan.parts import Member
from infra.suite import Suite, open_suite
from shared.http_server.service_app import AppInfo
from shared.http_server.worker_app import serve_worker
from shared.jobs.pauses import pause
from shared.logs import get_logger

log = get_logger()

INFO = AppInfo(
    name="backup-keeper",
    title="The keeper of backups",
    description="Takes backups by schedule; answers probes only.",
    audience=None,
)
# Rounds start this early because they take some seconds. Each must switch the WAL before Postgres
# does so by itself, so that all primaries have a mark of the same time.
_ROUND_SHARE = 0.75
_LOOK_S = 5.0
# Longer than an orderly end takes: 15 s for work under way, and 10 s for its programs.
_END_WITHIN_S = 30.0


def main() -> None:
    """Run the keeper until SIGTERM."""
    suite = open_suite()
    settings = settings_of_process(suite, "backup-keeper")
    serve_worker(INFO, settings, partial(_open_rounds, suite), run)


async def run(rounds: Rounds, stop: asyncio.Event) -> None:
    """Run the keeper's loops until `stop` is set."""
    async with asyncio.TaskGroup() as loops:
        loops.create_task(_or_end(_keep_rounds(rounds, stop)))
        loops.create_task(_or_end(_keep_schedule(rounds, stop)))
        loops.create_task(_or_end(watch_disks(rounds.suite, rounds.complaints, stop)))


async def _or_end(loop: Coroutine[None, None, None]) -> None:
    """Run a loop; an unexpected error ends the process, which the supervisor restarts.

    The process does not wait for the other loops, because they may run a program that never ends.
    """
    try:
        await loop
    except Exception:
        log.exception("keeper_crashed")
        asyncio.get_running_loop().call_later(_END_WITHIN_S, os._exit, 1)
        signal.raise_signal(signal.SIGTERM)


@asynccontextmanager
async def _open_rounds(suite: Suite) -> AsyncIterator[Rounds]:
    place = place_of(suite)
    async with open_bucket(place) as bucket:
        yield Rounds(suite, place, bucket)


async def _keep_rounds(rounds: Rounds, stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    every_s = rounds.suite.plan.backup.wal_seconds_max * _ROUND_SHARE
    async with rounds.step("memory", "What was kept before cannot be read"):
        await rounds.remember()
    while not stop.is_set():
        began_s = loop.time()
        await rounds.round()
        await pause(stop, max(_LOOK_S, every_s - (loop.time() - began_s)))


async def _keep_schedule(rounds: Rounds, stop: asyncio.Event) -> None:
    """Take due backups, one primary after the other; a failed one is retried at the next check."""
    prepared: set[str] = set()
    # True at the start, because the keeper may have ended between a full backup and this step.
    stock_is_due = True
    while not stop.is_set():
        taken: list[str] = []
        for node in rounds.primaries:
            if stop.is_set():
                return
            async with rounds.step(f"backup {node.name}", f"{node.name} cannot be backed up"):
                kind = await _back_up_if_due(rounds, node, prepared)
                taken += [kind] if kind else []
        if taken:
            async with rounds.step("witness", "The digests of all tables cannot be kept"):
                await keep_witness(rounds.suite, rounds.bucket, rounds.place)
        stock_is_due = stock_is_due or "full" in taken
        if stock_is_due:
            async with rounds.step("stock", "The copies of the photos cannot be compared"):
                keep_days = forgotten_after_days(rounds.suite.plan.backup)
                copied = await rounds.photos.take_stock(datetime.now(UTC).date(), keep_days)
                log.info("photos_counted", objects=copied.objects, bytes=copied.bytes)
                stock_is_due = False
        await pause(stop, _LOOK_S if rounds.complaints.stands_any("backup") else 6 * _LOOK_S)


async def _back_up_if_due(rounds: Rounds, node: Member, prepared: set[str]) -> str | None:
    """Take the due backup of a primary; returns its kind, or None."""
    repository = rounds.repository(node)
    if node.name not in prepared:
        await repository.prepare()
        prepared.add(node.name)
        await _follow(rounds, node)
    due = due_backup(
        rounds.suite.plan.backup,
        rounds.known_backups[node.name],
        datetime.now(UTC),
        has_hole=node.name in rounds.holes,
    )
    if due is None:
        return None
    # The next round copies the photos and sets a mark, without which this backup is not restored.
    await repository.take(due.kind)
    await _follow(rounds, node)
    metrics.TAKEN.labels(node.name, due.kind).inc()
    log.info("backup_taken", primary=node.name, kind=due.kind, reason=due.reason)
    return due.kind


async def _follow(rounds: Rounds, node: Member) -> None:
    backups = await rounds.repository(node).backups()
    rounds.known_backups[node.name] = backups
    fulls = [backup for backup in backups if backup.kind == "full"]
    if fulls:
        metrics.TAKEN_AT.labels(node.name).set(backups[-1].stopped_at.timestamp())
        rounds.follow_from(node, fulls[-1].first_segment)


if __name__ == "__main__":
    main()
