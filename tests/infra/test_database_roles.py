"""A process's login reads and writes rows of its own database, and can do nothing else."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from infra.plan.database_roles import login_roles, other_login, runtime_role
from infra.plan.parts import Member
from tests.suite import Suite

REFUSED = (asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidPasswordError)

# Each statement runs in a transaction of its own that is undone, as the role of the connection.
_TRY_ALL = """
DO $do$
DECLARE
    statement text;
    allowed text := '';
BEGIN
    FOREACH statement IN ARRAY string_to_array($words$%s$words$, E'\\n') LOOP
        BEGIN
            EXECUTE statement;
            RAISE SQLSTATE 'ZZ001';
        EXCEPTION
            WHEN insufficient_privilege THEN NULL;
            WHEN SQLSTATE 'ZZ001' THEN allowed := allowed || statement || '; ';
        END;
    END LOOP;
    IF allowed <> '' THEN RAISE 'allowed: %%', left(allowed, 500); END IF;
END $do$
"""
_ON_A_TABLE = """
ALTER TABLE {0} ADD COLUMN more int
ALTER TABLE {0} SET (fillfactor = 50)
ALTER TABLE {0} OWNER TO {role}
ALTER TABLE {0} DISABLE TRIGGER USER
CREATE INDEX ON {0} ((1))
CREATE RULE nothing AS ON DELETE TO {0} DO INSTEAD NOTHING
TRUNCATE {0} CASCADE
DROP TABLE {0} CASCADE
"""
_ON_A_SCHEMA = """
CREATE TABLE {0}.another (id int)
CREATE VIEW {0}.another AS SELECT 1
CREATE SEQUENCE {0}.another
CREATE FUNCTION {0}.another() RETURNS int LANGUAGE sql AS 'SELECT 1'
ALTER SCHEMA {0} RENAME TO another
DROP SCHEMA {0} CASCADE
"""
_ELSEWHERE = """
CREATE SCHEMA another
CREATE TEMP TABLE another (id int)
CREATE ROLE another
ALTER ROLE {role} CREATEROLE
ALTER DATABASE {database} SET work_mem = '1GB'
SET ROLE {database}
SET ROLE postgres
SET SESSION AUTHORIZATION {database}
CREATE EXTENSION adminpack
CREATE PUBLICATION another FOR ALL TABLES
SELECT pg_read_file('PG_VERSION')
SELECT pg_ls_dir('.')
SELECT pg_reload_conf()
SELECT * FROM pg_authid
COPY (SELECT 1) TO PROGRAM 'true'
COPY (SELECT 1) TO '/tmp/retrato-refused'
"""
_TABLES = """
SELECT format('%I.%I', nspname, relname) AS name
FROM pg_class JOIN pg_namespace AS n ON n.oid = relnamespace
WHERE relkind IN ('r', 'p') AND nspname !~ '^pg_' AND nspname <> 'information_schema' ORDER BY 1
"""
_SCHEMAS = "SELECT quote_ident(nspname) AS name FROM pg_namespace ORDER BY 1"
_WRONG_RIGHTS = """
SELECT format('%I.%I %s', nspname, relname, array_to_string(has, ','))
FROM (
    SELECT nspname, relname, relowner, ARRAY(
        SELECT word FROM unnest($2::text[]) AS word
        WHERE has_table_privilege($1, c.oid, word) ORDER BY word
    ) AS has
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = relnamespace
    WHERE relkind IN ('r', 'p', 'v') AND nspname !~ '^pg_' AND nspname <> 'information_schema'
) AS here
WHERE has <> CASE WHEN relowner <> current_database()::regrole THEN ARRAY[]::text[]
                  WHEN relname = 'migration' THEN ARRAY['SELECT']
                  ELSE ARRAY['DELETE', 'INSERT', 'SELECT', 'UPDATE'] END
"""
_EVERY_RIGHT = ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"]


@asynccontextmanager
async def _as_service(
    suite: Suite, node: Member, *, group: str | None = None, database: str | None = None
) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """Log in to a server as the processes of a group do."""
    group = group or node.service
    env = suite.env(group)
    prefix = group.upper()
    connection = await asyncpg.connect(
        host=node.address,
        port=node.port,
        user=env[f"{prefix}_POSTGRES_USER"],
        password=env[f"{prefix}_POSTGRES_PASSWORD"],
        database=database or env[f"{prefix}_POSTGRES_DATABASE"],
        ssl=ssl.create_default_context(cafile=str(suite.ca_file)),
    )
    try:
        yield connection
    finally:
        await connection.close()


def _primaries(suite: Suite) -> list[Member]:
    return [suite.plan.member(database.name) for database in suite.plan.databases]


async def test_a_service_can_change_no_table_schema_or_role(data_suite: Suite) -> None:
    for node in _primaries(data_suite):
        async with data_suite.postgres(node.name) as superuser:
            tables = [row["name"] for row in await superuser.fetch(_TABLES)]
            schemas = [row["name"] for row in await superuser.fetch(_SCHEMAS)]
        assert len(tables) > len(schemas)
        words = {"role": runtime_role(node.service), "database": node.service}
        async with _as_service(data_suite, node) as connection:
            for pattern, names in (
                (_ON_A_TABLE, tables),
                (_ON_A_SCHEMA, schemas),
                (_ELSEWHERE, [""]),
            ):
                lines = [pattern.strip().format(name, **words) for name in names]
                await connection.execute(_TRY_ALL % "\n".join(lines), timeout=60)
            # It cannot run in a transaction.
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute("ALTER SYSTEM SET work_mem = '1GB'")


async def test_a_service_reads_and_writes_every_row_and_only_reads_migrations(
    data_suite: Suite,
) -> None:
    for node in _primaries(data_suite):
        async with data_suite.postgres(node.name) as superuser:
            wrong = await superuser.fetch(
                _WRONG_RIGHTS, login_roles(node.service)[0], sorted(_EVERY_RIGHT)
            )
        assert [row[0] for row in wrong] == []


async def test_a_table_of_a_later_migration_is_open_to_the_service_at_once(
    data_suite: Suite,
) -> None:
    node = data_suite.plan.member("feed-a")
    async with data_suite.postgres(node.name) as superuser:
        await superuser.execute(
            "SET ROLE feed; CREATE SCHEMA later; CREATE TABLE later.rows (id serial)"
        )
        try:
            async with _as_service(data_suite, node) as connection:
                assert await connection.fetchval(
                    "INSERT INTO later.rows DEFAULT VALUES RETURNING id"
                )
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.execute("TRUNCATE later.rows")
        finally:
            await superuser.execute("RESET ROLE; DROP SCHEMA later CASCADE")


async def test_a_service_reaches_no_other_database(data_suite: Suite) -> None:
    for node in _primaries(data_suite):
        for group in data_suite.plan.groups:
            for database in {"postgres", "template1", node.service}:
                if (group, database) == (node.service, node.service):
                    continue
                with pytest.raises(REFUSED):
                    async with _as_service(data_suite, node, group=group, database=database):
                        pass


async def test_only_the_login_in_use_may_log_in_and_no_role_has_more_than_it_needs(
    data_suite: Suite,
) -> None:
    for node in _primaries(data_suite):
        group = node.service
        in_use = data_suite.env(group)[f"{group.upper()}_POSTGRES_USER"]
        async with data_suite.postgres(node.name) as superuser:
            roles = {
                row["rolname"]: row
                for row in await superuser.fetch("SELECT * FROM pg_roles WHERE oid >= 16384")
            }
            members = await superuser.fetch(
                "SELECT roleid::regrole::text AS role, member::regrole::text AS member"
                " FROM pg_auth_members WHERE member >= 16384"
            )
        app = runtime_role(group)
        assert set(roles) == {group, "replicator", app, *login_roles(group)}
        assert {name for name, row in roles.items() if row["rolcanlogin"]} == {
            group,
            "replicator",
            in_use,
        }
        assert not roles[other_login(group, in_use)]["rolcanlogin"]
        more = ("rolsuper", "rolcreaterole", "rolcreatedb", "rolbypassrls")
        assert not any(row[right] for row in roles.values() for right in more)
        assert [name for name, row in roles.items() if row["rolreplication"]] == ["replicator"]
        assert {(row["role"], row["member"]) for row in members} == {
            (app, login) for login in login_roles(group)
        }
