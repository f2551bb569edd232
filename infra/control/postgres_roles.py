"""Creates what a primary needs before migrations: roles, database and replication slots."""

import asyncpg

from infra.control.closing import close_connection
from infra.control.health import connect_superuser
from infra.control.refused_writes import take_writes
from infra.leaders import followers, leader, leaders
from infra.plan.database_roles import REPLICATION_ROLE, login_roles, other_login, runtime_role
from infra.plan.parts import Database, ShardGroup
from infra.plan.secret_names import owner_password, process_password, runtime_password
from infra.rendering.postgres import slot_name
from infra.suite import Suite
from shared.sharding.connections import PostgresLogin

# The attributes of every role but the superuser.
PLAIN = "NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS"
_EXISTS = "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)"
_MAY_LOG_IN = "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1 AND rolcanlogin)"


def runtime_login(suite: Suite, group: str) -> PostgresLogin:
    """Return the login of a group's processes, which reads and writes rows."""
    planned, secrets = suite.plan.groups[group], suite.secrets
    user = planned.external.login if planned.external else secrets.login_of(group)
    password = secrets[process_password(group, planned.external)]
    return PostgresLogin(user, password, planned.database_name)


async def prepare_primary(suite: Suite, group: ShardGroup, database: Database) -> None:
    """Create what is missing, drop unused slots, and end the refusal of writes.

    All roles but the superuser get the passwords of the secrets.
    """
    connection = await connect_superuser(suite, leader(database), writes=True)
    try:
        # The other members log in with a role that is made here, so none can confirm its commit.
        # Whatever is confirmed later stands behind it in the log.
        await connection.execute("SET synchronous_commit = local")
        await prepare_roles(connection, suite, group.name)
        if not await connection.fetchval(
            "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", group.name
        ):
            await connection.execute(
                f'CREATE DATABASE "{group.name}" OWNER "{group.name}" STRATEGY wal_log'
            )
        # Only the group's service and operators may connect to the database.
        await connection.execute(f'REVOKE ALL ON DATABASE "{group.name}" FROM PUBLIC')
        await connection.execute(
            f'GRANT CONNECT ON DATABASE "{group.name}" TO "{runtime_role(group.name)}"'
        )
        if suite.plan.failover is None:  # Else Patroni makes and drops them by itself, at any time.
            await _keep_slots(connection, database)
        await take_writes(connection)
    finally:
        await connection.close()
    await reload_members(suite, database)


async def logins_are_made(suite: Suite) -> bool:
    """Whether every primary lets the login in that the secrets name."""
    for group in suite.plan.own_groups:
        name = suite.secrets.login_of(group)
        for node in leaders(suite.plan.groups[group].databases):
            connection = await connect_superuser(suite, node)
            try:
                if not await connection.fetchval(_MAY_LOG_IN, name):
                    return False
            finally:
                await close_connection(connection)
    return True


async def prepare_roles(
    connection: "asyncpg.Connection[asyncpg.Record]", suite: Suite, group: str
) -> None:
    """Create missing roles, and give each its password; the resting login role stays as it is."""
    secrets = suite.secrets
    in_use = secrets.login_of(group)
    app = runtime_role(group)
    await set_role(connection, group, f"LOGIN {PLAIN}", secrets[owner_password(group)])
    await set_role(
        connection, REPLICATION_ROLE, f"LOGIN REPLICATION {PLAIN}", secrets["postgres_replication"]
    )
    await set_role(connection, app, f"NOLOGIN {PLAIN}")
    resting = other_login(group, in_use)
    if not await connection.fetchval(_EXISTS, resting):
        await set_role(connection, resting, f"NOLOGIN {PLAIN}")
    await set_role(connection, in_use, f"LOGIN {PLAIN}", secrets[runtime_password(group)])
    for login in login_roles(group):
        await connection.execute(f'GRANT "{app}" TO "{login}"')


async def set_role(
    connection: "asyncpg.Connection[asyncpg.Record]",
    name: str,
    attributes: str,
    password: str | None = None,
) -> None:
    """Create or alter a role; without a password nobody can log in with one."""
    # DDL has no parameters, so the server itself quotes the password.
    statement = await connection.fetchval(
        "SELECT format('%s ROLE %I %s PASSWORD %L',"
        " CASE WHEN EXISTS (SELECT FROM pg_roles WHERE rolname = $1) THEN 'ALTER' ELSE 'CREATE'"
        " END, $1::text, $2::text, $3::text)",
        name,
        attributes,
        password,
    )
    await connection.execute(statement)


async def reload_members(suite: Suite, database: Database) -> None:
    """Let the primary and its running replicas read who may connect, which may be new."""
    for node in (leader(database), *followers(database)):
        try:
            connection = await connect_superuser(suite, node)
        except (OSError, TimeoutError, asyncpg.PostgresError):
            continue  # It reads the file when it starts.
        try:
            await connection.execute("SELECT pg_reload_conf()")
        finally:
            await close_connection(connection)


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
