"""Gives the role of a service's processes its rights: to rows, and to nothing else."""

import asyncpg

# The owner's later tables have these rights from the start, because old processes may meet them.
_FUTURE = """
SELECT string_agg(
    format('ALTER DEFAULT PRIVILEGES GRANT %s TO %I', granted, $1::text), '; '
) FROM unnest(ARRAY[
    'USAGE ON SCHEMAS',
    'SELECT, INSERT, UPDATE, DELETE ON TABLES',
    'SELECT, UPDATE, USAGE ON SEQUENCES'
]) AS granted
"""

# Only differences, because each grant writes to the catalogue. Setting a sequence is an update.
_DIFFERENCES = """
WITH here AS (
    SELECT 'TABLE' AS kind, format('%I.%I', nspname, relname) AS name, relacl AS acl,
           CASE WHEN relname = 'migration' AND nspname LIKE 'shard\\_%' THEN ARRAY['SELECT']
                ELSE ARRAY['DELETE', 'INSERT', 'SELECT', 'UPDATE'] END AS wanted
    FROM pg_class JOIN pg_namespace AS n ON n.oid = relnamespace
    WHERE relkind IN ('r', 'p', 'v', 'm') AND relowner = current_user::regrole
      AND nspname !~ '^pg_'
    UNION ALL
    SELECT 'SEQUENCE', format('%I.%I', nspname, relname), relacl, ARRAY['SELECT', 'UPDATE', 'USAGE']
    FROM pg_class JOIN pg_namespace AS n ON n.oid = relnamespace
    WHERE relkind = 'S' AND relowner = current_user::regrole AND nspname !~ '^pg_'
    UNION ALL
    SELECT 'SCHEMA', quote_ident(nspname), nspacl, ARRAY['USAGE']
    FROM pg_namespace WHERE nspowner = current_user::regrole AND nspname !~ '^pg_'
)
SELECT string_agg(
    format('REVOKE ALL ON %1$s %2$s FROM %3$I; GRANT %4$s ON %1$s %2$s TO %3$I',
           kind, name, $1::text, array_to_string(wanted, ', ')), '; '
)
FROM here
WHERE wanted <> ARRAY(
    SELECT privilege_type FROM aclexplode(acl)
    WHERE grantee = (SELECT oid FROM pg_roles WHERE rolname = $1)
    ORDER BY privilege_type COLLATE "C"
)
"""


async def grant_future_rights(connection: asyncpg.Connection, role: str) -> None:
    """Let tables that the connection's role creates from now on be readable and writable."""
    await connection.execute(await connection.fetchval(_FUTURE, role))


async def grant_rights(connection: asyncpg.Connection, role: str) -> None:
    """Give the role exactly its rights on all that the connection's role owns in the database.

    It reads and writes rows, but only reads which migrations a shard has. It cannot create, alter,
    truncate or drop anything. A difference is corrected in one transaction.
    """
    statements = await connection.fetchval(_DIFFERENCES, role)
    if statements is not None:
        await connection.execute(statements)
