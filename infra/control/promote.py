"""Promotes a replica: its data takes the fenced primary's place, on a new timeline."""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg

from infra.accounts import account_for
from infra.control.closing import close_connection
from infra.control.failures import SuiteFailure
from infra.control.homes_kept import raise_id_clocks_over
from infra.control.leftovers import end_processes, processes_in
from infra.control.opening import expected_primaries
from infra.control.passwords import give_password
from infra.control.postgres_data import make_replicas, put_aside
from infra.control.postgres_roles import prepare_primary
from infra.control.progress import Progress
from infra.control.recording import record_if_possible
from infra.control.start import start_process
from infra.control.stop import stop_suite, wait_stopped
from infra.control.supervisor import Supervisor
from infra.holdings.control_data import (
    FolderDamaged,
    log_reaches,
    read_control_data,
    require_log,
    require_parts,
)
from infra.holdings.ledger import Ledger, PrimaryEntry, changed, read_ledger, write_ledger
from infra.holdings.positions import bytes_text, position_text
from infra.json_files import sync_folder
from infra.leaders import followers, leader
from infra.plan.parts import Database, Member, ShardGroup
from infra.process import Process
from infra.processes import processes_of
from infra.programs import postgres_program
from infra.rendering.files import make_folder, write_rendered
from infra.rendering.postgres import data_folder, render_postgres
from infra.run_folder import MARK
from infra.suite import Suite

# The server first replays its WAL, at most 512 MB as between two checkpoints.
_PROMOTE_SECONDS = 300
# The stop includes a checkpoint of everything that the promotion wrote.
_CLOSE_SECONDS = 60
_POLL_S = 0.1
_END_TIMEOUT_S = 20.0


async def promote(
    suite: Suite, name: str, progress: Progress, *, gives_up_newer: bool = False
) -> None:
    """Put the newest replica's data in the place of primary `name`, then copy a new replica.

    Raises SuiteFailure if no replica is usable, or if the primary is whole and has more, unless
    `gives_up_newer`. Repeat the command after an interruption.
    """
    group, database = _primary_named(suite, name)
    primary = leader(database)
    ledger = read_ledger(suite.folder.ledger_file)
    entry = ledger.primaries.get(name) if ledger else None
    supervisor = Supervisor(suite.folder)
    runs = supervisor.is_running()
    heir = _heir_of(suite, database, entry)
    # The primary stops first: as it shuts down, it sends its remaining WAL to its replicas.
    await asyncio.to_thread(_stop, suite, supervisor, runs, database.members)
    if heir is not None:
        newer = None if gives_up_newer else _what_it_would_lose(suite, primary, heir)
        if newer:
            if runs:
                await _run_again(suite, supervisor, database, progress)
            raise SuiteFailure(newer)
        entry = _with_end_of(suite, primary, entry)
        _keep_entry(suite, ledger, primary, entry)
        _give_place(suite, primary, heir, progress)
    render_postgres(suite)
    ended = await _promoted(suite, primary, entry, progress)
    progress.say(_loss(name, ended, entry))
    _write_down(suite, ledger, primary)
    if not runs:
        progress.say(f"{name} is promoted; `make up` starts it and copies a new replica")
        return
    await _go_on(suite, supervisor, group, database, progress)
    progress.say(f"{name} takes writes again; `make reconcile` repairs edges that lost a side")


def _primary_named(suite: Suite, name: str) -> tuple[ShardGroup, Database]:
    for group in suite.plan.groups.values():
        for database in group.databases:
            if database.name == name:
                return group, database
    known = ", ".join(expected_primaries(suite.plan))
    raise SuiteFailure(f"P= wants the name of a primary: {known}.")


def _heir_of(suite: Suite, database: Database, entry: PrimaryEntry | None) -> Member | None:
    """Return the newest replica; None if the data in the primary's place is to be promoted.

    An interrupted promotion leaves such data there, or an operator puts a replica's folder there.
    Then only a replica with more data takes the place. Raises SuiteFailure if no replica is usable.
    """
    place = data_folder(suite, leader(database))
    found, why = _replicas_that_fit(suite, database, entry)
    newest = max(found, key=lambda candidate: candidate[:2], default=None)
    if (place / "standby.signal").exists():
        control = read_control_data(place)
        is_ours = entry is None or entry.system_identifier in {None, control.system_identifier}
        has_most = newest is None or newest[:2] <= (control.timeline, control.position)
        if is_ours and has_most:
            return None
    if newest is None:
        raise SuiteFailure(f"No replica can take the place of {database.name}: {why}.")
    return newest[2]


def _replicas_that_fit(
    suite: Suite, database: Database, entry: PrimaryEntry | None
) -> tuple[list[tuple[int, int, Member]], str]:
    """Return timeline, position and member of usable replicas, and why the last other is not."""
    found: list[tuple[int, int, Member]] = []
    why = "it has none"
    for replica in followers(database):
        folder = data_folder(suite, replica)
        try:
            control = read_control_data(folder)
            require_parts(folder)
        except (FolderDamaged, OSError) as damage:
            why = f"{folder} cannot be used: {damage}"
            continue
        if entry and entry.system_identifier not in {None, control.system_identifier}:
            why = f"{folder} is of another cluster"
            continue
        if not (folder / "standby.signal").exists():
            why = f"{folder} is no replica: it has no standby.signal"
            continue
        found.append((control.timeline, control.position, replica))
    return found, why


def _stop(suite: Suite, supervisor: Supervisor, runs: bool, nodes: Sequence[Member]) -> None:
    if not runs:
        # Ends only what an earlier run left behind.
        stop_suite(suite, Progress(quiet=True))
        return
    for node in nodes:
        process = _process(suite, node)
        if process.name in supervisor.states():
            supervisor.begin_stop(process.name)
            wait_stopped(supervisor, [process])
        # What an interrupted promotion left running, or a child that did not end with its server.
        end_processes(processes_in(data_folder(suite, node)), timeout_s=_END_TIMEOUT_S)


def _process(suite: Suite, node: Member) -> Process:
    return next(p for p in processes_of(suite) if p.name == f"postgres-{node.name}")


def _with_end_of(suite: Suite, node: Member, entry: PrimaryEntry | None) -> PrimaryEntry | None:
    """Return the entry, with a later position if the lost primary's folder still has one."""
    if entry is None:
        return None
    try:
        control = read_control_data(data_folder(suite, node))
    except (FolderDamaged, OSError):
        return entry
    is_same = (control.system_identifier, control.timeline) == (
        entry.system_identifier,
        entry.timeline,
    )
    return changed(entry, position=max(entry.position, control.position)) if is_same else entry


def _keep_entry(
    suite: Suite, ledger: Ledger | None, node: Member, entry: PrimaryEntry | None
) -> None:
    """Record how far the lost primary had come, for a promotion that is interrupted from here."""
    if ledger is not None and entry is not None:
        primaries = {**ledger.primaries, node.name: entry}
        write_ledger(suite.folder.ledger_file, changed(ledger, primaries=primaries))


def _what_it_would_lose(suite: Suite, node: Member, heir: Member) -> str | None:
    """Say what of a whole primary the replica lacks; None if it has all that can be known."""
    place, folder = data_folder(suite, node), data_folder(suite, heir)
    try:
        control = read_control_data(place)
        require_parts(place)
        require_log(place, control)
    except (FolderDamaged, OSError):
        return None  # it is lost, which is why there is a promotion
    has = read_control_data(folder)
    if (control.system_identifier, control.timeline) != (has.system_identifier, has.timeline):
        return None
    if has.position >= control.position or log_reaches(folder, has, control.position):
        return None
    return (
        f"{place} is whole and goes to {position_text(control.position)}, and {heir.name} to"
        f" {position_text(has.position)}: what lies between would be lost. Nothing was changed."
        f" Find out why {heir.name} is behind (`make logs S=postgres-{heir.name}`), or promote it"
        f" all the same: `make promote P={node.name} GIVE_UP=1`, which keeps {place} aside."
    )


async def _run_again(
    suite: Suite, supervisor: Supervisor, database: Database, progress: Progress
) -> None:
    for member in (leader(database), *followers(database)):
        await start_process(suite, supervisor, _process(suite, member), progress)


def _give_place(suite: Suite, node: Member, heir: Member, progress: Progress) -> None:
    place = data_folder(suite, node)
    if place.exists():
        progress.say(f"fenced: what {node.name} had is now {put_aside(place).name}")
    data_folder(suite, heir).rename(place)
    sync_folder(place.parent)
    progress.say(f"the data of {heir.name} has the place of {node.name}")


async def _promoted(
    suite: Suite, node: Member, entry: PrimaryEntry | None, progress: Progress
) -> int:
    """Promote the data in the primary's place; returns where its old timeline ended."""
    async with _alone(suite, node) as connection:
        at = await connection.fetchval("SELECT pg_last_xact_replay_timestamp()")
        if at is not None:
            progress.say(f"its last transaction is of {at:%Y-%m-%d %H:%M:%S.%f} UTC")
        if await connection.fetchval("SELECT pg_is_in_recovery()"):
            await connection.fetchval(
                "SELECT pg_promote(true, $1)", _PROMOTE_SECONDS, timeout=_PROMOTE_SECONDS + 10
            )
        await give_password(suite, connection)
        clock_ms = await raise_id_clocks_over(connection, entry.id_clock_ms if entry else 0)
        progress.say(f"ids go on from {clock_ms} ms, above all that were given out")
        await connection.execute("CHECKPOINT", timeout=_PROMOTE_SECONDS)
    return _switch_point(data_folder(suite, node))


def _switch_point(folder: Path) -> int:
    """Return the end of the previous timeline from the newest history file."""
    history = max((folder / "pg_wal").glob("*.history"))
    last = [line for line in history.read_text(encoding="utf-8").splitlines() if line.strip()][-1]
    high, _slash, low = last.split()[1].partition("/")
    return (int(high, 16) << 32) | int(low, 16)


@asynccontextmanager
async def _alone(suite: Suite, node: Member) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """Run the server on a private socket that no service uses, and stop it cleanly afterwards."""
    account = account_for("postgres")
    sockets = make_folder(suite.folder.sockets / "promote", account)
    hba_file = sockets / "hba"
    write_rendered(hba_file, "local all postgres trust\n", account)
    home = suite.folder.data / "postgres"
    log = suite.folder.process_log(f"postgres-{node.name}").open("ab")
    process = await asyncio.create_subprocess_exec(
        *account.command_prefix(home),
        postgres_program("postgres"),
        "-D",
        str(suite.folder.etc / "postgres" / node.name),
        "-c",
        "listen_addresses=",
        "-c",
        f"unix_socket_directories={sockets}",
        "-c",
        f"hba_file={hba_file}",
        # The backup store may be down, so archiving waits for the next start.
        "-c",
        "archive_command=",
        cwd=home,
        env={"PATH": os.defpath, MARK: str(suite.folder.root)},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=log,
        stderr=log,
    )
    try:
        connection = await _connected(process, suite, node, sockets)
        try:
            yield connection
        finally:
            await close_connection(connection)
    finally:
        log.close()
        if process.returncode is None:
            process.send_signal(2)  # SIGINT is a fast shutdown, which closes the WAL properly
            await _closed(process, suite, node)


async def _closed(process: asyncio.subprocess.Process, suite: Suite, node: Member) -> None:
    try:
        async with asyncio.timeout(_CLOSE_SECONDS):
            await process.wait()
    except TimeoutError:
        raise SuiteFailure(
            f"{node.name} has not shut down within {_CLOSE_SECONDS} s: see"
            f" {suite.folder.process_log(f'postgres-{node.name}')}, then run this again."
        ) from None


async def _connected(
    process: asyncio.subprocess.Process, suite: Suite, node: Member, sockets: Path
) -> "asyncpg.Connection[asyncpg.Record]":
    deadline_s = asyncio.get_running_loop().time() + _PROMOTE_SECONDS
    while True:
        try:
            return await asyncpg.connect(
                host=str(sockets),
                port=node.port,
                user="postgres",
                database=node.service,
            )
        except (OSError, asyncpg.PostgresError) as error:
            log = suite.folder.process_log(f"postgres-{node.name}")
            if process.returncode is not None:
                raise SuiteFailure(f"{node.name} does not start: see {log}.") from error
            if asyncio.get_running_loop().time() > deadline_s:
                raise SuiteFailure(
                    f"{node.name} has not answered for {_PROMOTE_SECONDS} s: see {log}."
                ) from error
        await asyncio.sleep(_POLL_S)


def _loss(name: str, ended: int, entry: PrimaryEntry | None) -> str:
    has = f"it has the log of {name} up to {position_text(ended)}"
    if entry is None or not entry.position:
        return f"{has}; how far {name} had come is not known"
    missing = entry.position - ended
    if missing <= 0:
        seen = f" at {entry.seen_at:%Y-%m-%d %H:%M:%S} UTC" if entry.seen_at else ""
        return (
            f"{has}, which is all that was seen of it ({position_text(entry.position)}{seen});"
            " if it wrote more after that, that is lost"
        )
    return (
        f"{has}: {bytes_text(missing)} are missing of what was seen, which went to"
        f" {position_text(entry.position)}"
    )


def _write_down(suite: Suite, ledger: Ledger | None, node: Member) -> None:
    if ledger is None or node.name not in ledger.primaries:
        return
    control = read_control_data(data_folder(suite, node))
    entry = changed(
        ledger.primaries[node.name], timeline=control.timeline, position=control.position
    )
    primaries = {**ledger.primaries, node.name: entry}
    write_ledger(suite.folder.ledger_file, changed(ledger, primaries=primaries))


async def _go_on(
    suite: Suite, supervisor: Supervisor, group: ShardGroup, database: Database, progress: Progress
) -> None:
    await start_process(suite, supervisor, _process(suite, leader(database)), progress)
    await prepare_primary(suite, group, database)
    copied = await make_replicas(suite)
    if copied:
        progress.say(f"copied anew: {', '.join(copied)}")
    for replica in followers(database):
        await start_process(suite, supervisor, _process(suite, replica), progress)
    await record_if_possible(suite)
