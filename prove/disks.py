"""Fills the disk of one Postgres server: a small file system of its own, never the machine's."""

import asyncio
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from infra.control.failures import SuiteFailure
from infra.plan.parts import Database
from prove.members import REFUSALS, leader_of, roles_of_members
from tests.suite import Suite

_MIB = 1024 * 1024
# Enough to start and to change the leader, before the rest is filled on purpose.
_SPARE_MIB = 128
# The file system is in memory, and must leave most of that to the suite.
_MEMORY_SHARE = 4
_SWITCH_EVERY_S = 1.0
_COMMAND_S = 120.0
FILLER = "filler"
# Names of the folder beside its place: being copied away, copied away, and copied back.
_MOVING, _MOVED, _BACK = "moving", "moved", "back"


class DiskRefused(SuiteFailure):
    """This machine gives us no small file system; the message says why."""


class SmallDisks:
    """Small file systems in memory, each for the data of one server while it is broken."""

    def __init__(self, suite: Suite) -> None:
        self._suite = suite

    def why_not(self) -> str:
        """Return why no disk can be filled here, or "" after a mount was tried."""
        if os.geteuid() != 0:
            return "it needs root"
        with tempfile.TemporaryDirectory() as folder:
            try:
                _mount(Path(folder), 1)
                unmount(Path(folder))
            except DiskRefused as refused:
                return str(refused)
        return ""

    @asynccontextmanager
    async def filled(self, name: str) -> AsyncIterator[None]:
        """Let a database's primary write to a small disk, which is full during the block."""
        database = next(one for one in self._suite.plan.databases if one.name == name)
        process = await self._to_be_filled(database)
        async with self._on_small_disk(process) as place:
            if self._suite.plan.failover is not None:
                server = self._suite.process(process).server
                await asyncio.to_thread(
                    self._suite.operate, "switchover", database.name, "--to", server
                )
            filling = asyncio.create_task(_ask_for_more(self._suite, database))
            try:
                await asyncio.to_thread(fill, place)
                yield
            finally:
                filling.cancel()
                await asyncio.gather(filling, return_exceptions=True)
                (place / FILLER).unlink(missing_ok=True)
                await self._suite.start(process)

    async def give_back(self) -> None:
        """Move data back that a killed session left on a small file system."""
        for member in self._suite.plan.members:
            place = self._place(f"postgres-{member.name}")
            if any(_beside(place, word).exists() for word in (_MOVING, _MOVED, _BACK)):
                await self._suite.stop(f"postgres-{member.name}")
                (place / FILLER).unlink(missing_ok=True)
                await asyncio.to_thread(move_back, place)
                await self._suite.start(f"postgres-{member.name}")

    async def _to_be_filled(self, database: Database) -> str:
        """Return the process to prepare: with failover a replica, which then takes over."""
        names = [f"postgres-{member.name}" for member in database.members]
        has_failover = self._suite.plan.failover is not None
        found = await roles_of_members(self._suite, names, is_primary=not has_failover)
        if not found:
            raise SuiteFailure(f"{database.name} lacks a member whose disk could be filled.")
        return found[0]

    @asynccontextmanager
    async def _on_small_disk(self, process: str) -> AsyncIterator[Path]:
        """Give a server a disk with _SPARE_MIB left during the block; it is restarted for it."""
        place = self._place(process)
        size_mib = _held_mib(place) + _SPARE_MIB
        if size_mib * _MEMORY_SHARE > _available_mib():
            raise DiskRefused(f"{process} holds too much for a disk in memory: {size_mib} MiB")
        await self._suite.stop(process)
        try:
            await asyncio.to_thread(move_onto, place, size_mib)
            await self._suite.start(process)
            yield place
        finally:
            await self._suite.stop(process)
            await asyncio.to_thread(move_back, place)
            await self._suite.start(process)

    def _place(self, process: str) -> Path:
        return self._suite.on_disk.folder.data / "postgres" / self._suite.process(process).server


async def _ask_for_more(suite: Suite, database: Database) -> None:
    """Let the primary need new WAL again and again, until cancelled."""
    while True:
        with suppress(*REFUSALS, AssertionError):
            async with leader_of(suite, database) as connection:
                await connection.execute("SELECT pg_switch_wal()")
        await asyncio.sleep(_SWITCH_EVERY_S)


def _beside(place: Path, word: str) -> Path:
    return place.with_name(f"{place.name}.{word}")


def _held_mib(place: Path) -> int:
    held = 0
    for file in place.rglob("*"):
        with suppress(OSError):  # A server removes files at any time.
            held += file.lstat().st_blocks * 512
    return held // _MIB + 1


def _available_mib() -> int:
    lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("MemAvailable"))


def move_onto(place: Path, size_mib: int) -> None:
    """Copy a folder onto a small file system, mounted in its place; the original waits aside.

    Its name there says whether the copy is complete, so that the right one of both is kept.
    """
    moving = _beside(place, _MOVING)
    place.rename(moving)
    place.mkdir()
    _mount(place, size_mib)
    run_command("cp", "-a", f"{moving}/.", str(place))
    moving.rename(_beside(place, _MOVED))


def move_back(place: Path) -> None:
    """Copy the folder back to the disk, whatever step an earlier call had reached."""
    moving, moved, back = (_beside(place, word) for word in (_MOVING, _MOVED, _BACK))
    if moving.exists():
        if os.path.ismount(place):
            unmount(place)
        shutil.rmtree(place, ignore_errors=True)
        moving.rename(place)
        return
    if os.path.ismount(place):
        shutil.rmtree(back, ignore_errors=True)
        run_command("cp", "-a", f"{place}/.", str(back))
        unmount(place)
    if back.exists():
        shutil.rmtree(place, ignore_errors=True)
        back.rename(place)
    if moved.exists():
        if not any(place.iterdir()):
            raise DiskRefused(f"{place} was in memory and is lost; {moved} has what it was before.")
        shutil.rmtree(moved)


def fill(place: Path) -> None:
    """Write a file until the disk is full."""
    with suppress(OSError), (place / FILLER).open("wb", buffering=0) as filler:
        while True:
            filler.write(b"\0" * _MIB)


def unmount(place: Path) -> None:
    """Remove the small file system with all that it holds."""
    run_command("umount", str(place))


def _mount(place: Path, size_mib: int) -> None:
    run_command("mount", "-t", "tmpfs", "-o", f"size={size_mib}m", "retrato", str(place))


def run_command(*words: str) -> None:
    """Run a command; raises DiskRefused with its first words."""
    done = subprocess.run(words, check=False, capture_output=True, text=True, timeout=_COMMAND_S)
    if done.returncode:
        raise DiskRefused(f"{words[0]} refuses: {done.stderr.strip().partition(chr(10))[0]}")
