"""Every shard gets every migration once, also after an interrupted run."""

import asyncio
from pathlib import Path

import pytest

from shared.sharding.migration_files import FOUNDATION, MigrationError, read_migrations
from shared.sharding.migrations import migrate, migration_status
from tests.shared.postgres_nodes import PostgresNodes
from tests.shared.shard_groups import SHARD_COUNT, ShardedDatabase

NOTE = "CREATE TABLE :schema.note (id bigint PRIMARY KEY DEFAULT :schema.next_id(), shard int);"
SEED = "INSERT INTO :schema.note (shard) VALUES (:shard);"


@pytest.fixture
def database(postgres_nodes: PostgresNodes, tmp_path: Path) -> ShardedDatabase:
    return ShardedDatabase(postgres_nodes, tmp_path)


class Service:
    """A folder of migrations that a test writes."""

    def __init__(self, folder: Path) -> None:
        self.migrations = folder / "notes" / "migrations"
        self.migrations.mkdir(parents=True)

    def write(self, name: str, text: str) -> None:
        (self.migrations / name).write_text(text)


@pytest.fixture
def service(tmp_path: Path) -> Service:
    made = Service(tmp_path)
    made.write("0001_note.sql", NOTE)
    return made


async def test_every_shard_gets_every_migration_once(
    database: ShardedDatabase, service: Service
) -> None:
    assert await database.migrate(service.migrations) == 2 * SHARD_COUNT
    assert await database.migrate(service.migrations) == 0
    service.write("0002_seed.sql", SEED)
    assert await database.migrate(service.migrations) == SHARD_COUNT
    assert [database.psql(shard, "SELECT shard FROM :schema.note") for shard in (0, 7)] == [
        "0",
        "7",
    ]


async def test_two_runs_at_once_do_each_migration_once(
    database: ShardedDatabase, service: Service
) -> None:
    service.write("0002_seed.sql", SEED)
    done = await asyncio.gather(*(database.migrate(service.migrations) for _ in range(3)))
    assert sum(done) == 3 * SHARD_COUNT


async def test_a_migration_is_whole_or_absent_and_the_next_run_goes_on(
    database: ShardedDatabase, service: Service
) -> None:
    await database.migrate(service.migrations)
    database.psql(6, "CREATE TABLE :schema.tag ()")
    service.write("0002_tag.sql", f"{SEED} CREATE TABLE :schema.tag (name text);")
    with pytest.raises(MigrationError, match=r"shard 6: notes/0002_tag\.sql .*already exists"):
        await database.migrate(service.migrations)
    assert database.psql(6, "SELECT count(*) FROM :schema.note") == "0"
    assert database.psql(5, "SELECT count(*) FROM :schema.note") == "1"

    database.psql(6, "DROP TABLE :schema.tag")
    await database.migrate(service.migrations)
    assert {database.psql(shard, "SELECT count(*) FROM :schema.note") for shard in range(8)} == {
        "1"
    }


async def test_the_status_names_what_each_shard_lacks(
    database: ShardedDatabase, service: Service
) -> None:
    directories = [FOUNDATION, service.migrations]
    before = await migration_status(database.target(), directories)
    assert [status.shard for status in before] == list(range(SHARD_COUNT))
    assert {status.applied for status in before} == {0}
    await database.migrate(service.migrations)
    service.write("0002_seed.sql", SEED)
    after = await migration_status(database.target(), directories)
    assert {(status.applied, status.pending) for status in after} == {(2, ("notes/0002_seed.sql",))}
    assert [status.primary for status in after] == ["a"] * 4 + ["b"] * 4


async def test_progress_is_told_by_primary(database: ShardedDatabase) -> None:
    told: list[tuple[str, int, int]] = []
    await migrate(database.target(), [FOUNDATION], lambda *progress: told.append(progress))
    assert [step for step in told if step[0] == "a"] == [("a", done, 4) for done in (1, 2, 3, 4)]


async def test_an_applied_file_must_not_change(database: ShardedDatabase, service: Service) -> None:
    await database.migrate(service.migrations)
    service.write("0001_note.sql", NOTE + "-- as if nothing had happened")
    with pytest.raises(MigrationError, match=r"notes/0001_note\.sql was changed"):
        await database.migrate(service.migrations)


async def test_a_file_cannot_be_slipped_in_before_an_applied_one(
    database: ShardedDatabase, service: Service
) -> None:
    service.write("0003_seed.sql", SEED)
    await database.migrate(service.migrations)
    service.write("0002_late.sql", SEED)
    with pytest.raises(MigrationError, match="give it the next number"):
        await database.migrate(service.migrations)


@pytest.mark.parametrize("name", ["1_note.sql", "0002-note.sql", "0001_other.sql"])
def test_files_are_numbered_and_each_number_is_there_once(service: Service, name: str) -> None:
    service.write(name, SEED)
    with pytest.raises(MigrationError, match=r"number|named like"):
        read_migrations([service.migrations])


@pytest.mark.parametrize(
    "text",
    [
        "CREATE TABLE note (id bigint);",
        f"{SEED} CREATE INDEX note_shard ON note (shard);",
        f"{SEED} DROP TABLE note",
        "-- of :schema\nDROP TABLE note;",
        "/* :schema; */ DROP TABLE note;",
        "INSERT INTO note VALUES (':schema');",
        "SET search_path = public;",
    ],
)
def test_a_statement_without_schema_is_refused_before_anything_is_applied(
    service: Service, text: str
) -> None:
    service.write("0002_wrong.sql", text)
    with pytest.raises(MigrationError, match=r"notes/0002_wrong\.sql .*does not name :schema"):
        read_migrations([service.migrations])


@pytest.mark.parametrize(
    "text",
    [
        "INSERT INTO :schema.note VALUES (1, 2);",
        "COMMENT ON TABLE :schema.note IS 'one; two';",
        "-- first; then\nDROP TABLE :schema.note; -- done;",
        "CREATE FUNCTION :schema.f() RETURNS int LANGUAGE sql AS $$ SELECT 1; SELECT 2; $$;",
        "CREATE FUNCTION :schema.f() RETURNS int LANGUAGE sql AS $body$ SELECT 1; $body$",
        'ALTER TABLE :schema."odd;name" ADD COLUMN a text;',
    ],
)
def test_what_only_looks_like_another_statement_is_none(service: Service, text: str) -> None:
    service.write("0002_right.sql", text)
    migrations = read_migrations([service.migrations])
    assert len(migrations[-1].statements_for_shard(3)) == 1


async def test_a_name_that_a_second_part_of_a_statement_leaves_bare_finds_nothing(
    database: ShardedDatabase, service: Service
) -> None:
    database.psql(0, "CREATE TABLE public.note (shard int)")
    service.write("0002_leak.sql", "INSERT INTO :schema.note (shard) SELECT shard FROM note;")
    with pytest.raises(MigrationError, match='relation "note" does not exist'):
        await database.migrate(service.migrations)


async def test_a_failure_names_the_shard_and_the_statement(
    database: ShardedDatabase, service: Service
) -> None:
    await database.migrate(service.migrations)
    database.psql(6, "CREATE TABLE :schema.tag ()")
    service.write("0002_tag.sql", f"{SEED}\n-- the tags\nCREATE TABLE :schema.tag (name text);")
    with pytest.raises(
        MigrationError,
        match=r"shard 6: notes/0002_tag\.sql failed: .* CREATE TABLE shard_0006\.tag \(name text\)",
    ):
        await database.migrate(service.migrations)
    # The other primary was migrated completely.
    after = await migration_status(database.target(), [FOUNDATION, service.migrations])
    assert [status.shard for status in after if status.pending] == [6, 7]


async def test_code_that_is_older_than_the_schema_is_told_so(
    database: ShardedDatabase, service: Service
) -> None:
    service.write("0002_seed.sql", SEED)
    await database.migrate(service.migrations)
    (service.migrations / "0002_seed.sql").unlink()
    assert await database.migrate(service.migrations) == 0
    statuses = await migration_status(database.target(), [FOUNDATION, service.migrations])
    assert {status.unknown for status in statuses} == {("notes/0002_seed.sql",)}
    assert {status.pending for status in statuses} == {()}
