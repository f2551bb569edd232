"""Runs a temporary Postgres on a restored data folder until it has recovered."""

import asyncio
import contextlib
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from infra.accounts import account_for
from infra.backups.subprocesses import BackupFailure, DamagedBackup, meaning_of
from infra.control.leftovers import is_alive
from infra.programs import postgres_program
from infra.run_folder import MARK
from infra.suite import Suite

# A recovery may take long; a failed one ends by itself.
_RECOVERED_WITHIN_S = 3600.0
_STOPPED_WITHIN_S = 120.0
_POLL_S = 0.1
_LOG_CHARS_MAX = 1500
_SHORT_OF_TARGET = "recovery ended before configured recovery target"


@dataclass(frozen=True, slots=True)
class Scratch:
    """A server on a private socket, which only its user and root can reach."""

    sockets: Path

    @asynccontextmanager
    async def connected(self, database: str) -> "AsyncIterator[asyncpg.Connection[asyncpg.Record]]":
        """Open a connection as the superuser."""
        connection = await asyncpg.connect(
            host=str(self.sockets), user="postgres", database=database, timeout=5
        )
        try:
            yield connection
        finally:
            await connection.close()


@asynccontextmanager
async def recovered(suite: Suite, folder: Path, *, keep: bool) -> AsyncIterator[Scratch]:
    """Run a server on a restored folder, and yield it once it has reached its target.

    With `keep` the folder becomes a primary: everything is synced, and the start of its new
    timeline waits to be archived. Raises DamagedBackup if the WAL ends before the target.
    """
    account = account_for("postgres")
    sockets, hba_file = _socket_folder()
    log_file = sockets / "log"
    settings = {
        # What Patroni wrote into a saved folder names files and replicas of the saved server.
        "config_file": str(sockets / "postgresql.conf"),
        "listen_addresses": "",
        "unix_socket_directories": str(sockets),
        "hba_file": str(hba_file),
        "hot_standby": "off",
        "wal_level": "logical",
        "max_locks_per_transaction": "256",
        "jit": "off",
        "archive_mode": "on" if keep else "off",
        # WAL waits until the suite's own archive command takes it.
        "archive_command": "false",
        "fsync": "on" if keep else "off",
        "max_wal_size": "1GB",
    }
    words = [f"--{key}={value}" for key, value in settings.items()]
    with log_file.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *account.command_prefix(sockets),
            postgres_program("postgres"),
            "-D",
            str(folder),
            *words,
            cwd=sockets,
            env={**os.environ, MARK: str(suite.folder.root)},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        scratch = Scratch(sockets)
        await _wait_recovered(process, scratch, log_file, folder.stem)
        yield scratch
    finally:
        await _stop(process)
        shutil.rmtree(sockets, ignore_errors=True)


def _socket_folder() -> tuple[Path, Path]:
    """Create a folder with a path short enough for a socket, and its pg_hba.conf and settings."""
    account = account_for("postgres")
    folder = Path(tempfile.mkdtemp(prefix="retrato-", dir="/tmp"))
    account.own(folder, 0o700)
    hba_file = folder / "pg_hba.conf"
    hba_file.write_text("local all postgres trust\n", encoding="ascii")
    account.own(hba_file, 0o600)
    config_file = folder / "postgresql.conf"
    config_file.touch()
    account.own(config_file, 0o600)
    return folder, hba_file


async def _wait_recovered(
    process: asyncio.subprocess.Process, scratch: Scratch, log_file: Path, name: str
) -> None:
    async with asyncio.timeout(_RECOVERED_WITHIN_S):
        while process.returncode is None and is_alive(process.pid):
            with contextlib.suppress(asyncpg.PostgresError, OSError, TimeoutError):
                async with scratch.connected("postgres") as connection:
                    if not await connection.fetchval("SELECT pg_is_in_recovery()"):
                        return
            await asyncio.sleep(_POLL_S)
    said = await asyncio.to_thread(log_file.read_text, "utf-8", "replace")
    if _SHORT_OF_TARGET in said:
        raise DamagedBackup(
            f"The WAL of {name} ends before the moment that was asked for: a segment is missing in"
            " the archive, or damaged. An earlier moment, or one after the next backup, will do."
        )
    raise meaning_of(said[-_LOG_CHARS_MAX:], f"The recovery of {name}")


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGINT)
        try:
            async with asyncio.timeout(_STOPPED_WITHIN_S):
                await process.wait()
        except TimeoutError:
            raise BackupFailure("A Postgres that recovered a backup does not stop.") from None
