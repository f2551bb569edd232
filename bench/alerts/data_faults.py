"""Faults of backups, disks, replication, edges and load: each breaks something real."""

import asyncio
import os
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bench.alerts.faults import RENEWED_STORE_S, Fault, Scene, stopped
from bench.open_loop import Answers, exchanges_of, open_loop
from infra.control.refused_writes import UPLOADS_FACTOR
from infra.control.supervisor import Supervisor
from infra.plan.parts import Plan
from tests.eventually import eventually

_SEGMENT_BYTES = 16 * 1024**2
# More than the reconciler repairs by itself, even of all counts of a large suite.
_WRONG_COUNTS = 300
# Far above what two processors answer; requests under way are bounded.
_LOAD_PER_S = 1_500
_LOAD_S = 300.0
_NODE = "feed-b"
_SEGMENTS_NEW = 4
_SEGMENT_NAME = re.compile(r"[0-9A-F]{24}-")


def data_faults(plan: Plan) -> tuple[tuple[Fault, ...], ...]:
    """Return the waves of these faults; how long one takes follows from the plan."""
    backup = plan.backup
    restore_late_s = 10 * backup.wal_seconds_max + 180
    backup_late_s = 2 * 3600 * min(backup.full_every_hours, backup.incremental_every_hours) + 180
    return (
        (
            # Alone, because every other fault would be told later.
            Fault("too many requests come", ("RequestsRefused",), overloaded, 240),
        ),
        (
            Fault(
                "the disk is nearly full, then full",
                ("DiskNearlyFull", "WritesRefused"),
                disk_full,
            ),
        ),
        (
            Fault("no replica of a primary is in sync", ("NoStandbyInSync",), unsynced, 240),
            Fault("the archive lost a segment", ("ArchiveHole",), segment_lost, 300),
            Fault("counts of 300 people are wrong", ("EdgesDrift",), counts_wrong, 600),
        ),
        (
            Fault(
                "the store of backups is stopped",
                ("ArchiveWaits", "RestoreFallsBehind"),
                archive_away,
                restore_late_s,
            ),
        ),
        (
            Fault(
                "no backup can be taken",
                ("BackupTooOld",),
                stopped("backup-store"),
                backup_late_s,
            ),
        ),
    )


@asynccontextmanager
async def overloaded(scene: Scene) -> AsyncIterator[None]:
    """Send more requests than the suite answers, without waiting for answers."""
    request = scene.alice.http.build_request("GET", "/v1/timelines/home")
    answers = Answers(_LOAD_S)
    load = asyncio.create_task(
        open_loop(exchanges_of(scene.suite), [request], _LOAD_PER_S, _LOAD_S, answers)
    )
    try:
        yield
    finally:
        answers.seconds = answers.now_s
        await load


@asynccontextmanager
async def segment_lost(scene: Scene) -> AsyncIterator[None]:
    """Put an archived segment aside, and let no backup close the hole."""
    kept = _backups(scene) / "archive" / _NODE
    before = set(_segments(kept))
    await _switch_wal(scene, _SEGMENTS_NEW)

    def new() -> list[Path]:
        found = [path for path in _segments(kept) if path not in before]
        assert len(found) >= _SEGMENTS_NEW
        return found

    lost, aside = (await eventually(new, within_s=60))[1], scene.suite.run_dir / "drill-segment"
    backups = _backups(scene) / "backup" / _NODE
    was = backups.stat()
    lost.rename(aside)
    os.chown(backups, os.geteuid(), os.getegid())
    backups.chmod(0o555)
    await _renew_listings(scene)
    try:
        yield
    finally:
        backups.chmod(was.st_mode)
        os.chown(backups, was.st_uid, was.st_gid)
        aside.rename(lost)
        await _renew_listings(scene)


@asynccontextmanager
async def disk_full(scene: Scene) -> AsyncIterator[None]:
    """Fill the disk of the run folder until uploads, and then all writes, are refused."""
    floor = scene.suite.plan.limits.postgres_free_bytes_min
    balloon = scene.suite.run_dir / "drill-balloon"
    try:
        _leave_free(balloon, floor * (1 + UPLOADS_FACTOR) // 2)
        # Prometheus must see it before all writes are refused.
        await eventually(lambda: _is_told(scene, "DiskNearlyFull"), within_s=120)
        _leave_free(balloon, floor * 9 // 10)
        yield
    finally:
        balloon.unlink(missing_ok=True)


@asynccontextmanager
async def unsynced(scene: Scene) -> AsyncIterator[None]:
    """Stop the only replica of a primary."""
    async with stopped("postgres-feed-a-replica")(scene):
        yield


@asynccontextmanager
async def counts_wrong(scene: Scene) -> AsyncIterator[None]:
    """Add counts of people who follow nobody, and compare all edges."""
    async with scene.suite.postgres("users-a") as connection:
        schema = await connection.fetchval(
            "SELECT min(schemaname) FROM pg_tables WHERE tablename = 'edge_count'"
        )
        table = f'"{schema}".edge_count'
        await connection.execute(
            f"INSERT INTO {table} (kind, node, out_count)"
            f" SELECT 'drill', number, 1 FROM generate_series(1, {_WRONG_COUNTS}) AS number"
        )
        try:
            await _compare_edges(scene)
            yield
        finally:
            await connection.execute(f"DELETE FROM {table} WHERE kind = 'drill'")
            await _compare_edges(scene)


@asynccontextmanager
async def archive_away(scene: Scene) -> AsyncIterator[None]:
    """Stop the store of backups, and write more than half of what may wait for it."""
    async with stopped("backup-store")(scene):
        most = scene.suite.plan.backup.wal_waiting_bytes_max
        await _switch_wal(scene, most * 3 // 4 // _SEGMENT_BYTES)
        yield


async def _compare_edges(scene: Scene) -> None:
    # A worker compares all edges when it starts, and then every few minutes.
    await scene.suite.stop("users-worker-1")
    await scene.suite.start("users-worker-1")


async def _switch_wal(scene: Scene, times: int) -> None:
    async with scene.suite.postgres(_NODE) as connection:
        for _time in range(times):
            await connection.execute("SELECT pg_logical_emit_message(true, 'drill', 'x')")
            await connection.fetchval("SELECT pg_switch_wal()")


def _backups(scene: Scene) -> Path:
    """Return the folder of a primary's backups in the embedded store."""
    return next(scene.suite.on_disk.folder.backups.glob(f"*/*/postgres/{_NODE}"))


def _segments(folder: Path) -> list[Path]:
    """Return the files of archived segments, oldest first."""
    return sorted(path for path in folder.rglob("*") if _SEGMENT_NAME.match(path.name))


async def _renew_listings(scene: Scene) -> None:
    Supervisor(scene.suite.on_disk.folder).signal("backup-store", "HUP")
    await asyncio.sleep(RENEWED_STORE_S)


def _is_told(scene: Scene, name: str) -> None:
    assert scene.told.firing.get(name), name


def _leave_free(balloon: Path, free_bytes: int) -> None:
    """Let a file take all of its disk but `free_bytes`."""
    with balloon.open("ab") as file:
        size = os.fstat(file.fileno()).st_size
        more = shutil.disk_usage(balloon.parent).free - free_bytes
        if more > 0:
            os.posix_fallocate(file.fileno(), size, more)
