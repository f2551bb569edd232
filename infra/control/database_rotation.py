"""Gives the databases' roles new passwords while the suite serves.

Every step can be repeated. The secrets change first, so that an interrupted rotation goes on to the
values of the file: the same command finishes it, and so does `make up`.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace

import asyncpg

from infra.control.closing import close_connection
from infra.control.failures import SuiteFailure
from infra.control.health import connect_superuser, is_healthy
from infra.control.postgres_roles import PLAIN, prepare_roles, set_role
from infra.control.progress import Progress
from infra.control.recording import record_if_possible, record_secrets
from infra.control.restart import restart_rolling
from infra.control.roll import roll
from infra.control.supervisor import Supervisor
from infra.failover.patroni import reload_all
from infra.leaders import followers, leader, leaders, leads
from infra.plan.database_roles import REPLICATION_ROLE, other_login
from infra.plan.parts import Database, Member
from infra.plan.secret_names import owner_password, runtime_password
from infra.processes import processes_of
from infra.rendering.everything import render_everything
from infra.secret_values import (
    NEXT,
    PREVIOUS,
    SUPERUSER,
    change_secrets,
    keep_lineage,
    login_entry,
    new_value,
)
from infra.suite import Suite

_KEEPER = "backup-keeper"
# How long a replica may take to hear of a new password, or to follow again.
_FOLLOWS_WITHIN_S = 60.0
_POLL_S = 0.1
_MAY_LOG_IN = "SELECT rolcanlogin FROM pg_roles WHERE rolname = $1"
_END_SESSIONS = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = $1
"""
_UNREACHABLE = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)


async def rotate_database_roles(suite: Suite, group: str, progress: Progress) -> None:
    """Give a group's processes another login with a new password, and its owner a new password.

    Nobody can log in with the former ones afterwards. A rotation that was interrupted is finished
    instead. Raises SuiteFailure if a server is away or a process does not come back. The suite's
    `secrets` are the former ones still: open the suite again.
    """
    suite = replace(suite)

    def begin(values: dict[str, str]) -> None:
        values[login_entry(group)] = other_login(group, suite.secrets.login_of(group))
        values[runtime_password(group)] = new_value()
        values[owner_password(group)] = new_value()

    if not await _former_may_log_in(suite, group):
        change_secrets(suite.folder.secrets_file, begin)
    await _finish_group(replace(suite), group, progress)


async def rotate_replication(suite: Suite, progress: Progress) -> None:
    """Give the replicas' role a new password, and let them connect with it; raises SuiteFailure."""

    def begin(values: dict[str, str]) -> None:
        values["postgres_replication"] = new_value()

    change_secrets(suite.folder.secrets_file, begin)
    suite = replace(suite)
    await _prepare_all(suite, suite.plan.own_groups)
    await _render_and_tell(suite)
    for database in suite.plan.databases:
        await _end_sessions(suite, [leader(database)], REPLICATION_ROLE)
    replicas = [node for database in suite.plan.databases for node in followers(database)]
    await asyncio.gather(*(_wait_following(suite, replica) for replica in replicas))
    progress.say(f"{len(replicas)} replicas follow with the new password")
    await record_if_possible(suite)


async def rotate_superuser(suite: Suite, progress: Progress) -> None:
    """Give the superuser a new password; raises SuiteFailure if a primary is away.

    Until the ledger knows the new value, the file of secrets holds both, and commands try both.
    """
    file = suite.folder.secrets_file
    values = change_secrets(file, _offer_superuser)
    password = values.get(SUPERUSER + NEXT, values[SUPERUSER])
    suite = replace(suite)
    for database in suite.plan.databases:
        async with _connected(suite, leader(database)) as connection:
            await set_role(connection, "postgres", "SUPERUSER", password)
        await _wait_replayed(suite, database)
        progress.say(f"{database.name} has the superuser's new password")
    change_secrets(file, _switch_superuser)
    suite = replace(suite)
    await _render_and_tell(suite)
    record_secrets(suite)
    change_secrets(file, _drop_superuser)
    await record_if_possible(replace(suite))
    await _restart_keeper(replace(suite), progress)


async def finish_database_rotations(suite: Suite, progress: Progress) -> None:
    """Finish what was interrupted, once all processes run with the values of the file."""
    suite = replace(suite)
    if suite.secrets.others(SUPERUSER):
        await rotate_superuser(suite, progress)
        suite = replace(suite)
    await _prepare_all(suite, suite.plan.own_groups)
    for group in suite.plan.own_groups:
        if await _former_may_log_in(suite, group):
            await _finish_group(suite, group, progress)


async def _render_and_tell(suite: Suite) -> None:
    render_everything(suite, processes_of(suite))
    if suite.plan.failover is not None:
        # Patroni has passwords of its own: it asks its server as the superuser once a second.
        await reload_all(suite)


async def _restart_keeper(suite: Suite, progress: Progress) -> None:
    """Let the keeper begin with the new password; until then it tries the former one first."""
    state = Supervisor(suite.folder).states().get(_KEEPER)
    if state is not None and state.is_up:
        await restart_rolling(suite, _KEEPER, progress)


def _offer_superuser(values: dict[str, str]) -> None:
    if SUPERUSER + NEXT not in values and SUPERUSER + PREVIOUS not in values:
        keep_lineage(values)
        values[SUPERUSER + NEXT] = new_value()


def _switch_superuser(values: dict[str, str]) -> None:
    if SUPERUSER + NEXT in values:
        values[SUPERUSER + PREVIOUS] = values[SUPERUSER]
        values[SUPERUSER] = values.pop(SUPERUSER + NEXT)


def _drop_superuser(values: dict[str, str]) -> None:
    values.pop(SUPERUSER + PREVIOUS, None)


async def _finish_group(suite: Suite, group: str, progress: Progress) -> None:
    await _prepare_all(suite, [group])
    databases = suite.plan.groups[group].databases
    for database in databases:
        await _wait_replayed(suite, database)
    in_use = suite.secrets.login_of(group)
    progress.say(f"every primary and replica of {group} lets {in_use} in")
    await roll(suite, {group}, progress)
    former = other_login(group, in_use)
    ended = 0
    for database in databases:
        async with _connected(suite, leader(database)) as connection:
            await set_role(connection, former, f"NOLOGIN {PLAIN}")
        await _wait_replayed(suite, database)
        ended += await _end_sessions(suite, database.members, former)
    progress.say(f"{former} can no longer log in; {ended} of its sessions were ended")
    await record_if_possible(suite)


async def _prepare_all(suite: Suite, groups: Iterable[str]) -> None:
    for group in groups:
        for node in leaders(suite.plan.groups[group].databases):
            async with _connected(suite, node) as connection:
                await prepare_roles(connection, suite, group)


async def _former_may_log_in(suite: Suite, group: str) -> bool:
    """Whether a rotation is unfinished: the file names another login than the primaries know.

    Until the end of a rotation the former login stays open, for processes that still use it.
    """
    former = other_login(group, suite.secrets.login_of(group))
    for node in leaders(suite.plan.groups[group].databases):
        async with _connected(suite, node) as connection:
            if await connection.fetchval(_MAY_LOG_IN, former):
                return True
    return False


async def _end_sessions(suite: Suite, nodes: Iterable[Member], role: str) -> int:
    """End a role's sessions on all nodes; returns their number."""
    ended = 0
    for node in nodes:
        # A replica that is down has no sessions.
        if leads(node) or await _is_reachable(suite, node):
            async with _connected(suite, node) as connection:
                ended += await connection.fetchval(_END_SESSIONS, role)
    return ended


async def _wait_replayed(suite: Suite, database: Database) -> None:
    """Wait until the running replicas know what the primary knows now; raises SuiteFailure."""
    async with _connected(suite, leader(database)) as primary:
        # Everything before this position is on its way to the replicas.
        end = await primary.fetchval("SELECT pg_current_wal_insert_lsn()::text")
    for replica in followers(database):
        # A replica that is down lets nobody in, and hears of it when it starts.
        if await _is_reachable(suite, replica):
            async with _connected(suite, replica) as connection:
                await _wait_position(connection, replica, end)


@asynccontextmanager
async def _connected(
    suite: Suite, node: Member
) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    try:
        connection = await connect_superuser(suite, node, writes=leads(node))
    except _UNREACHABLE as error:
        raise SuiteFailure(
            f"{node.name} cannot be asked: {error!r}. The former passwords stay valid where nothing"
            " else was said; run this again once it answers."
        ) from error
    try:
        yield connection
    finally:
        await close_connection(connection)


async def _is_reachable(suite: Suite, replica: Member) -> bool:
    try:
        async with _connected(suite, replica):
            return True
    except SuiteFailure:
        return False


async def _wait_position(
    connection: "asyncpg.Connection[asyncpg.Record]", replica: Member, end: str
) -> None:
    deadline_s = asyncio.get_running_loop().time() + _FOLLOWS_WITHIN_S
    while not await connection.fetchval(
        "SELECT coalesce(pg_last_wal_replay_lsn() >= $1::text::pg_lsn, true)", end
    ):
        if asyncio.get_running_loop().time() > deadline_s:
            raise SuiteFailure(
                f"{replica.name} has not followed for {_FOLLOWS_WITHIN_S:.0f} s. The former"
                " password stays valid: run this again once the replica follows."
            )
        await asyncio.sleep(_POLL_S)


async def _wait_following(suite: Suite, replica: Member) -> None:
    process = next(p for p in processes_of(suite) if p.name == f"postgres-{replica.name}")
    deadline_s = asyncio.get_running_loop().time() + _FOLLOWS_WITHIN_S
    while not await is_healthy(suite, process):
        if asyncio.get_running_loop().time() > deadline_s:
            raise SuiteFailure(
                f"{replica.name} does not follow with the new password: see"
                f" {suite.folder.process_log(process.name)}."
            )
        await asyncio.sleep(_POLL_S)
