"""Watches the primaries' disks: uploads are refused before a disk is full, and then all writes.

Postgres crashes if it has no space for WAL. If it refuses writes in time, it still answers reads,
and accepts writes again once there is space. For a disk that fills at once there is a reserve: a
file that is deleted so that the server can recover and then refuse writes.
"""

import asyncio
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from infra.accounts import account_for
from infra.backups import keeper_metrics as metrics
from infra.backups.complaints import Complaints
from infra.backups.primaries import FAULTS, connected
from infra.control.refused_writes import READ_ONLY, UPLOADS, UPLOADS_FACTOR
from infra.failover.roles import NobodyLeads, server_in_role
from infra.leaders import leaders
from infra.plan.parts import Member
from infra.rendering.postgres import data_folder
from infra.suite import Suite
from shared.jobs.pauses import pause
from shared.logs import get_logger

log = get_logger()

_LOOK_S = 2.0
# A silent server must not hold up the look at the disks of the others.
_ANSWERS_S = 2.0
# A refusal ends only with this factor more free space, so that it does not flap.
_AGAIN_FACTOR = 1.25

# Enough for the end of a recovery and its checkpoint, which write one or two segments of 16 MiB.
RESERVE_BYTES = 64 * 1024**2


async def watch_disks(suite: Suite, complaints: Complaints, stop: asyncio.Event) -> None:
    """Check all disks every two seconds until `stop` is set."""
    watch = DiskWatch(suite, complaints)
    while not stop.is_set():
        await watch.look()
        await pause(stop, _LOOK_S)


class DiskWatch:
    """Checks disks, and skips the query to primaries that had enough space at the last check."""

    def __init__(self, suite: Suite, complaints: Complaints) -> None:
        self._suite = suite
        self._complaints = complaints
        self._floor_bytes = suite.plan.limits.postgres_free_bytes_min
        # The server whose disk had enough space, because another one may lead by now.
        self._at_ease: dict[str, Path] = {}

    async def look(self) -> None:
        """Check every primary's disk, and change what the primary refuses if necessary."""
        nodes = leaders(self._suite.plan.databases)
        try:
            folders = {node.name: await self._folder(node) for node in nodes}
            free = {name: free_bytes(folder) for name, folder in folders.items()}
        except FileNotFoundError as error:
            # A folder is missing for a moment during a promotion.
            log.info("disk_not_watched", reason=str(error))
            return
        for node in nodes:
            keep_reserve(folders[node.name], free[node.name], self._floor_bytes)
            # An upload also leads to rows in feed, so the fullest disk counts for upload.
            least = min(free.values()) if node.service == "upload" else free[node.name]
            try:
                await self._look_at(node, folders[node.name], free[node.name], least)
            except (TimeoutError, *FAULTS) as error:
                # A server that is down need not refuse anything; the next check comes soon.
                log.info("disk_not_watched", primary=node.name, reason=str(error))

    async def _folder(self, node: Member) -> Path:
        """Return the folder of the server that leads; while nobody does, that of the first."""
        try:
            return data_folder(self._suite, await server_in_role(self._suite, node))
        except NobodyLeads:
            return data_folder(self._suite, node)

    async def _look_at(self, node: Member, folder: Path, free: int, least_free: int) -> None:
        is_at_ease = self._at_ease.get(node.name) == folder
        if is_at_ease and least_free >= self._floor_bytes * UPLOADS_FACTOR:
            return
        async with connected(self._suite, node, within_s=_ANSWERS_S) as connection:
            now = {
                READ_ONLY: str(await connection.fetchval(f"SHOW {READ_ONLY}")),
                UPLOADS: str(await connection.fetchval(f"SHOW {UPLOADS}")),
            }
            wanted = settings_for(free, least_free, self._floor_bytes, now)
            for name, value in wanted.items():
                if now[name] != value:
                    await connection.execute(f"ALTER SYSTEM SET {name} = '{value}'")
                    log.warning("primary_setting", primary=node.name, setting=name, value=value)
            if wanted != now:
                await connection.execute("SELECT pg_reload_conf()")
        self._note(node, folder, wanted, free)

    def _note(self, node: Member, folder: Path, wanted: Mapping[str, str], free: int) -> None:
        takes_writes, takes_uploads = wanted[READ_ONLY] == "off", wanted[UPLOADS] == "taken"
        metrics.READ_ONLY.labels(node.name).set(0 if takes_writes else 1)
        if takes_writes and takes_uploads:
            self._at_ease[node.name] = folder
            if self._complaints.withdraw(f"disk {node.name}"):
                self._complaints.write_again()
            return
        self._at_ease.pop(node.name, None)
        refused = "uploads" if takes_writes else "all writes"
        self._complaints.raise_(
            f"disk {node.name}",
            f"{node.name} refuses {refused}: {free / 1e6:.0f} MB are free on its disk or another.",
        )
        # Written at once, because the next round may be a minute away.
        self._complaints.write_again()


def keep_reserve(folder: Path, free: int, floor_bytes: int) -> None:
    """Delete the reserve of a data folder if its disk is full, and create it if there is space.

    The reserve is in pg_wal, which needs the space, and which neither backups nor replicas copy.
    """
    reserve = folder / "pg_wal" / "reserve"
    try:
        if free < RESERVE_BYTES:
            reserve.unlink(missing_ok=True)
        elif free >= floor_bytes * _AGAIN_FACTOR and not reserve.exists():
            _allocate(reserve)
    except OSError as error:
        log.warning("disk_reserve_not_kept", folder=str(folder), reason=str(error))


def _allocate(reserve: Path) -> None:
    draft = reserve.with_name("reserve.draft")
    with draft.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, RESERVE_BYTES)
    account_for("postgres").own(draft, 0o600)
    draft.rename(reserve)


def settings_for(
    free: int, least_free: int, floor_bytes: int, now: Mapping[str, str]
) -> dict[str, str]:
    """Return the wanted values of both settings.

    `free` is this disk's free space, and `least_free` the fullest disk's, both in bytes. A refusal
    ends only with a quarter more free space, so that it does not flap.
    """

    def is_short(bytes_there: int, limit_bytes: int, *, refused: bool) -> bool:
        return bytes_there < limit_bytes * (_AGAIN_FACTOR if refused else 1)

    writes = is_short(free, floor_bytes, refused=now[READ_ONLY] == "on")
    uploads = is_short(least_free, floor_bytes * UPLOADS_FACTOR, refused=now[UPLOADS] == "refused")
    return {
        READ_ONLY: "on" if writes else "off",
        UPLOADS: "refused" if uploads else "taken",
    }


def free_bytes(folder: Path) -> int:
    """Return the free bytes on a data folder's disk."""
    return shutil.disk_usage(folder).free
