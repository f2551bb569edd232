"""Creates the data of Postgres servers: a new primary's, or a replica's copy of its primary."""

import asyncio
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
# initdb and pg_basebackup each use about one processor.
_AT_ONCE = max(2, os.cpu_count() or 1)


async def make_primaries(suite: Suite, names: Collection[str]) -> list[str]:
    """Create the data of the named primaries that have none; returns the names of the new ones.

    Only the comparison of ledger and disk may choose the names, because a missing folder may also
    be a loss.
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
    """Copy the running primaries for replicas without data; returns the replicas' names."""
    missing = [node for node in _without_data(suite) if not leads(node)]
    turn = asyncio.Semaphore(_AT_ONCE)
    await asyncio.gather(*(_make_replica(suite, node, turn) for node in missing))
    return [node.name for node in missing]


def drop_stale_locks(suite: Suite) -> None:
    """Remove the lock files of killed servers, so that they can start; none may be running."""
    for node in suite.plan.members:
        drop_stale_lock(data_folder(suite, node))


def drop_stale_lock(folder: Path) -> bool:
    """Remove the lock file of a server that has ended; returns whether the file existed.

    Postgres does so itself, unless another process of its user has the number by now. The file
    stays if the process cannot be examined.
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
    """Rename a folder so that the suite no longer uses it; returns its new path."""
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
    # Each primary is initialised and not copied, so each has its own system identifier. Then no
    # replica can follow the wrong primary unnoticed.
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
            "--no-sync",  # `make up` syncs everything once, before it reports success
        )
        draft.rename(data_folder(suite, node))


async def _make_replica(suite: Suite, node: Member, turn: asyncio.Semaphore) -> None:
    primary = leader_of(suite.plan, node)
    # The replication password goes through a file, because all users can see arguments.
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
    """Delete the unfinished folder of an earlier start, and return its path."""
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
