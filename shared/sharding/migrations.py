"""Migrates every logical shard of a group, and reports how far each shard is."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver

from shared.errors import AppError
from shared.logs import get_logger
from shared.network.network import Network
from shared.sharding import expected_rows, job_queue
from shared.sharding.connections import PostgresLogin
from shared.sharding.database_faults import DRIVER_ERRORS
from shared.sharding.grants import grant_future_rights, grant_rights
from shared.sharding.leader_session import connect_to_leader
from shared.sharding.leadership import Leadership
from shared.sharding.migration_files import (
    Migration,
    MigrationError,
    pending,
    read_migrations,
    shown,
    unknown_to,
)
from shared.sharding.shard_map import Primary, ShardMap, parse_shard_map, schema_of

# Concurrent runs on a primary take turns.
_TRY_LOCK = "SELECT pg_try_advisory_lock(1768909)"
_LOCK = "SELECT pg_advisory_lock(1768909)"
_LOCK_SECONDS_MAX = 600

_SESSION_SETTINGS = {
    "application_name": "retrato-migrate",
    "client_min_messages": "warning",
    # A primary may still refuse writes after its disk was full; the start has checked the space.
    "default_transaction_read_only": "off",
}

# A table named without its schema must not be found: all shards of a primary would share it.
_NO_OTHER_SCHEMA = "SET LOCAL search_path = pg_catalog"

_SCHEMAS = "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'shard\\_%'"

_RECORD_TABLE = """
CREATE TABLE IF NOT EXISTS {schema}.migration (
    name text PRIMARY KEY,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
"""

OnProgress = Callable[[str, int, int], None]

log = get_logger()


@dataclass(frozen=True)
class MigrationTarget:
    """A shard group's map, the role that owns its databases, and the network to reach them.

    `runtime_role` is the role of the service's processes; "" if they use the owner.
    """

    map_file: Path
    login: PostgresLogin
    network: Network
    runtime_role: str = ""

    def shard_map(self) -> ShardMap:
        """Read the present map; raises ShardMapError or OSError."""
        return parse_shard_map(self.map_file.read_bytes())


@dataclass(frozen=True, slots=True)
class ShardStatus:
    """How many migrations a shard has, and the names of those that it lacks."""

    shard: int
    primary: str
    applied: int
    pending: tuple[str, ...]
    # Migrations that a newer version of the code applied.
    unknown: tuple[str, ...] = ()


async def migrate(
    target: MigrationTarget, directories: Sequence[Path], on_progress: OnProgress
) -> int:
    """Apply the missing migrations and return their number; primaries run concurrently.

    `directories` are in order, the foundation first. After an interruption the next run continues.
    `on_progress(primary, shards done, shards of the primary)` is called after each shard. A failing
    primary does not stop the others. Raises MigrationError with the faults of all primaries.
    """
    migrations = read_migrations(directories)
    shard_map = target.shard_map()
    runs = {
        primary.name: _migrate_primary(target, shard_map, primary, migrations, on_progress)
        for primary in shard_map.primaries.values()
    }
    ended = dict(
        zip(runs, await asyncio.gather(*runs.values(), return_exceptions=True), strict=True)
    )
    _raise_faults({name: end for name, end in ended.items() if isinstance(end, BaseException)})
    return sum(end for end in ended.values() if isinstance(end, int))


def _raise_faults(faults: dict[str, BaseException]) -> None:
    for fault in faults.values():
        if not isinstance(fault, (MigrationError, AppError, *DRIVER_ERRORS)):
            raise fault
    if faults:
        raise MigrationError(
            "; ".join(
                str(fault) if isinstance(fault, MigrationError) else f"{name}: {fault!r}"
                for name, fault in faults.items()
            )
        )


async def migration_status(
    target: MigrationTarget, directories: Sequence[Path]
) -> list[ShardStatus]:
    """Return how far each shard is, in the order of shards; raises MigrationError."""
    migrations = read_migrations(directories)
    shard_map = target.shard_map()
    statuses = []
    for primary in shard_map.primaries.values():
        async with _connected(target, shard_map.group, primary) as connection:
            shards = shard_map.shards_on(primary.name)
            applied = await _applied(connection, shards)
        for shard in shards:
            missing = tuple(item.name for item in pending(migrations, applied[shard], shard))
            unknown = tuple(unknown_to(migrations, applied[shard]))
            status = ShardStatus(shard, primary.name, len(applied[shard]), missing, unknown)
            statuses.append(status)
    return sorted(statuses, key=lambda status: status.shard)


async def _migrate_primary(
    target: MigrationTarget,
    shard_map: ShardMap,
    primary: Primary,
    migrations: list[Migration],
    on_progress: OnProgress,
) -> int:
    shards = shard_map.shards_on(primary.name)
    count = 0
    async with _connected(target, shard_map.group, primary) as connection:
        await _lock(connection, primary.name)
        if target.runtime_role:
            await grant_future_rights(connection, target.runtime_role)
        await _install_job_queue(connection)
        await connection.execute(expected_rows.INSTALL)
        applied = await _applied(connection, shards)
        for done, shard in enumerate(shards, start=1):
            missing = pending(migrations, applied[shard], shard)
            if missing:
                # The last shard's commit also flushes the earlier, asynchronous ones, because the
                # WAL is written in order.
                await _apply(connection, shard, missing, durably=shard == shards[-1])
                count += len(missing)
            on_progress(primary.name, done, len(shards))
        if target.runtime_role:
            await grant_rights(connection, target.runtime_role)
    return count


async def _lock(connection: asyncpg.Connection, primary: str) -> None:
    if await connection.fetchval(_TRY_LOCK):
        return
    log.warning("another migration runs", primary=primary, waiting_s_max=_LOCK_SECONDS_MAX)
    try:
        await connection.execute(_LOCK, timeout=_LOCK_SECONDS_MAX)
    except TimeoutError as error:
        raise MigrationError(
            f"another migration of {primary} has not ended within {_LOCK_SECONDS_MAX} s"
        ) from error


@asynccontextmanager
async def _connected(
    target: MigrationTarget, group: str, primary: Primary
) -> AsyncIterator[asyncpg.Connection]:
    try:
        connection = await connect_to_leader(
            Leadership(group, primary),
            target.login,
            target.network,
            session_settings=_SESSION_SETTINGS,
        )
    except (AppError, *DRIVER_ERRORS) as error:
        why = str(error) or type(error).__name__
        raise MigrationError(f"{primary.name} could not be asked: {why}") from error
    try:
        yield connection
    finally:
        await connection.close(timeout=5)


async def _applied(
    connection: asyncpg.Connection, shards: Iterable[int]
) -> dict[int, dict[str, str]]:
    """Map each shard to its applied migrations, from name to checksum."""
    there = {row["nspname"] for row in await connection.fetch(_SCHEMAS)}
    applied: dict[int, dict[str, str]] = {shard: {} for shard in shards}
    known = [shard for shard in applied if schema_of(shard) in there]
    if known:
        rows = await connection.fetch(
            " UNION ALL ".join(
                f"SELECT {shard} AS shard, name, checksum FROM {schema_of(shard)}.migration"  # noqa: S608
                for shard in known
            )
        )
        for row in rows:
            applied[row["shard"]][row["name"]] = row["checksum"]
    return applied


async def _apply(
    connection: asyncpg.Connection, shard: int, missing: list[Migration], *, durably: bool
) -> None:
    """Apply a shard's missing migrations in one transaction and one round trip."""
    schema = schema_of(shard)
    parts = [
        f"BEGIN; SET LOCAL synchronous_commit = {'on' if durably else 'off'}; {_NO_OTHER_SCHEMA};",
        f"CREATE SCHEMA IF NOT EXISTS {schema};",
        _RECORD_TABLE.format(schema=schema),
    ]
    for migration in missing:
        parts.append(migration.for_shard(shard))
        parts.append(
            f";INSERT INTO {schema}.migration (name, checksum)"  # noqa: S608 - our own file names
            f" VALUES ('{migration.name}', '{migration.checksum}');"
        )
    try:
        await connection.execute("\n".join([*parts, "COMMIT;"]), timeout=600)
    except asyncpg.PostgresError as error:
        await connection.execute("ROLLBACK")
        found = await _failing_statement(connection, shard, missing)
        if found is None:
            names = ", ".join(migration.name for migration in missing)
            raise MigrationError(f"shard {shard}: one of {names} failed: {error}") from error
        raise MigrationError(f"shard {shard}: {found}") from error


async def _failing_statement(
    connection: asyncpg.Connection, shard: int, missing: list[Migration]
) -> str | None:
    """Run the statements one by one and roll back; returns None if none fails this time."""
    async with _undone(connection):
        await connection.execute(_NO_OTHER_SCHEMA)
        await connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema_of(shard)}")
        for migration in missing:
            for statement in migration.statements_for_shard(shard):
                try:
                    await connection.execute(statement, timeout=600)
                except asyncpg.PostgresError as error:
                    return f"{migration.name} failed: {error}. The statement: {shown(statement)}"
    return None


@asynccontextmanager
async def _undone(connection: asyncpg.Connection) -> AsyncIterator[None]:
    transaction = connection.transaction()
    await transaction.start()
    try:
        yield
    finally:
        await transaction.rollback()


async def _install_job_queue(connection: asyncpg.Connection) -> None:
    queries = job_queue.queries_over(AsyncpgDriver(connection))
    if await queries.schema_is_installed():
        await queries.upgrade()
    else:
        async with connection.transaction():
            await queries.install()
            await queries.optimize_autovacuum()
    # WakeUps notifies the workers outside of the writing transactions instead.
    await connection.execute(
        f"DROP TRIGGER IF EXISTS {job_queue.TRIGGER} ON {job_queue.SCHEMA}.{job_queue.TABLE}"
    )
