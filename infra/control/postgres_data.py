"""Makes the data of a Postgres server: a primary's from nothing, a replica's from its primary."""

import asyncio
import contextlib
import datetime as dt
import os
import shutil
from collections.abc import Collection
from pathlib import Path

from infra.accounts import account_for
from infra.control.failures import SuiteFailure
from infra.json_files import sync_folder
from infra.leaders import leader_of, leads
from infra.plan.parts import Member
from infra.programs import postgres_program
from infra.rendering.files import write_rendered
from infra.rendering.postgres import data_folder, slot_name
from infra.suite import Suite

_LOCK_FILE = "postmaster.pid"
# Both are bound by one processor each.
_AT_ONCE = max(2, os.cpu_count() or 1)


async def make_primaries(suite: Suite, names: Collection[str]) -> list[str]:
    """Make the data of these primaries, those that are there already excepted; what was made.

    Only the comparison of ledger and disk may say which: a folder that is merely missing was lost.
    """
    missing = [node for node in _without_data(suite) if node.name in names]
    password_file = suite.folder.data / "postgres" / ".superuser"
    if missing:
        text = suite.secrets["postgres_superuser"] + "\n"
        write_rendered(password_file, text, account_for("postgres"))
    turn = asyncio.Semaphore(_AT_ONCE)
    try:
        await asyncio.gather(*(_make_primary(suite, node, password_file, turn) for node in missing))
    finally:
        password_file.unlink(missing_ok=True)
    return [node.name for node in missing]


async def make_replicas(suite: Suite) -> list[str]:
    """Copy the primaries, which must be up, for the replicas that have no data; their names."""
    missing = [node for node in _without_data(suite) if not leads(node)]
    turn = asyncio.Semaphore(_AT_ONCE)
    await asyncio.gather(*(_make_replica(suite, node, turn) for node in missing))
    return [node.name for node in missing]


def server_in(folder: Path) -> int | None:
    """The process id of the Postgres that works in this data folder; None if none does.

    The number in its lock file may belong to anything by now: a server works in its own folder.
    """
    with contextlib.suppress(OSError, ValueError, IndexError):
        pid = int((folder / _LOCK_FILE).read_text(encoding="ascii").split()[0])
        if Path(f"/proc/{pid}/cwd").samefile(folder):
            return pid
    return None


def drop_stale_locks(suite: Suite) -> None:
    """Let servers start that ended without removing their lock files; none of them may run."""
    for node in suite.plan.members:
        drop_stale_lock(data_folder(suite, node))


def drop_stale_lock(folder: Path) -> bool:
    """Remove the lock file of a server that is gone; returns whether there was one.

    Postgres does so itself, unless another process of its user has the number meanwhile. Where the
    process cannot be looked at, the file stays.
    """
    lock = folder / _LOCK_FILE
    try:
        pid = int(lock.read_text(encoding="ascii").split()[0])
        works_here = Path(f"/proc/{pid}/cwd").samefile(folder)
    except FileNotFoundError:
        works_here = False  # neither file nor process, or the process has just ended
    except (OSError, ValueError, IndexError):
        return False
    if works_here or not lock.exists():
        return False
    lock.unlink()
    return True


def put_aside(folder: Path) -> Path:
    """Take a folder out of the suite's sight without deleting it; returns where it is now."""
    now = dt.datetime.now(dt.UTC)
    aside = folder.with_name(f"{folder.name}.aside-{now:%Y%m%d-%H%M%S-%f}")
    folder.rename(aside)
    sync_folder(folder.parent)
    return aside


def _without_data(suite: Suite) -> list[Member]:
    return [n for n in suite.plan.members if not data_folder(suite, n).exists()]


async def _make_primary(
    suite: Suite, node: Member, password_file: Path, turn: asyncio.Semaphore
) -> None:
    # Each primary is initialised by itself and not copied: so each has a system identifier of its
    # own, and no replica can follow the wrong one unnoticed.
    async with turn:
        draft = _empty_draft(suite, node)
        await _run(
            suite,
            postgres_program("initdb"),
            f"--pgdata={draft}",
            "--username=postgres",
            f"--pwfile={password_file}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--data-checksums",
            "--no-instructions",
            "--no-sync",  # all of it is synced at once, before `make up` says that it is done
        )
        draft.rename(data_folder(suite, node))


async def _make_replica(suite: Suite, node: Member, turn: asyncio.Semaphore) -> None:
    primary = leader_of(suite.plan, node)
    # The replication password goes by a file: arguments are for everybody to see.
    password_file = suite.folder.data / "postgres" / f".{node.name}.pgpass"
    write_rendered(
        password_file,
        f"*:*:*:replicator:{suite.secrets['postgres_replication']}\n",
        account_for("postgres"),
    )
    async with turn:
        draft = _empty_draft(suite, node)
        try:
            await _run(
                suite,
                postgres_program("pg_basebackup"),
                f"--pgdata={draft}",
                f"--dbname=host={primary.host} hostaddr={primary.address}"
                f" port={primary.port} user=replicator passfile={password_file}"
                f" sslmode=verify-full sslrootcert={suite.ca_file}",
                "--checkpoint=fast",
                "--wal-method=stream",
                f"--slot={slot_name(node)}",
                "--no-sync",
            )
        finally:
            password_file.unlink(missing_ok=True)
        signal_file = draft / "standby.signal"
        signal_file.touch()
        account_for("postgres").own(signal_file, 0o600)
        draft.rename(data_folder(suite, node))


def _empty_draft(suite: Suite, node: Member) -> Path:
    """A half-made folder of an earlier start is worth nothing."""
    draft = suite.folder.data / "postgres" / f"{node.name}.unfinished"
    shutil.rmtree(draft, ignore_errors=True)
    return draft


async def _run(suite: Suite, *command: str) -> None:
    home = suite.folder.data / "postgres"
    process = await asyncio.create_subprocess_exec(
        *account_for("postgres").command_prefix(home),
        *command,
        cwd=home,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _nothing = await process.communicate()
    if process.returncode:
        raise SuiteFailure(f"{Path(command[0]).name} failed:\n{said.decode(errors='replace')}")
