"""Creates what a primary needs before migrations: roles, database and replication slots."""

import asyncpg

from infra.control.health import connect_superuser
from infra.control.refused_writes import take_writes
from infra.leaders import followers, leader
from infra.plan.parts import Database, ShardGroup
from infra.rendering.postgres import slot_name
from infra.suite import Suite

REPLICATION_ROLE = "replicator"


async def prepare_primary(suite: Suite, group: ShardGroup, database: Database) -> None:
    """Create what is missing, drop unused slots, and end the refusal of writes."""
    connection = await connect_superuser(suite, leader(database), writes=True)
    try:
        roles = {row["rolname"] for row in await connection.fetch("SELECT rolname FROM pg_roles")}
        if group.name not in roles:
            await _create_role(connection, group.name, suite.secrets[f"postgres_{group.name}"])
        if REPLICATION_ROLE not in roles:
            password = suite.secrets["postgres_replication"]
            await _create_role(connection, REPLICATION_ROLE, password, replication=True)
        if not await connection.fetchval(
            "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", group.name
        ):
            await connection.execute(
                f'CREATE DATABASE "{group.name}" OWNER "{group.name}" STRATEGY wal_log'
            )
        # Only the group's service and operators may connect to the database.
        await connection.execute(f'REVOKE ALL ON DATABASE "{group.name}" FROM PUBLIC')
        await _keep_slots(connection, database)
        await take_writes(connection)
    finally:
        await connection.close()


async def _create_role(
    connection: "asyncpg.Connection[asyncpg.Record]",
    name: str,
    password: str,
    *,
    replication: bool = False,
) -> None:
    # DDL has no parameters, so the server itself quotes the password.
    statement = await connection.fetchval(
        "SELECT format('CREATE ROLE %I LOGIN %s PASSWORD %L', $1::text, $2::text, $3::text)",
        name,
        "REPLICATION" if replication else "",
        password,
    )
    await connection.execute(statement)


async def _keep_slots(connection: "asyncpg.Connection[asyncpg.Record]", database: Database) -> None:
    """Create a slot per replica, and drop inactive other slots, which would keep WAL for ever."""
    rows = await connection.fetch(
        "SELECT slot_name, active FROM pg_replication_slots WHERE slot_type = 'physical'"
    )
    held = {row["slot_name"] for row in rows}
    wanted = {slot_name(replica) for replica in followers(database)}
    for name in sorted(wanted - held):
        await connection.execute("SELECT pg_create_physical_replication_slot($1, true)", name)
    for row in rows:
        if row["slot_name"] not in wanted and not row["active"]:
            await connection.execute("SELECT pg_drop_replication_slot($1)", row["slot_name"])
