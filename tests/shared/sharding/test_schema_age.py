"""A process reports at its start whether its code is older or newer than the schema."""

from pathlib import Path

from shared.sharding.schema_age import log_newer_schema, schema_shortfall
from tests.shared.postgres_nodes import PostgresNodes
from tests.shared.shard_groups import ShardedDatabase


async def test_only_code_that_lacks_an_applied_migration_is_older(
    postgres_nodes: PostgresNodes, tmp_path: Path
) -> None:
    database = ShardedDatabase(postgres_nodes, tmp_path)
    migrations = tmp_path / "notes" / "migrations"
    migrations.mkdir(parents=True)
    (migrations / "0001_note.sql").write_text("CREATE TABLE :schema.note (id bigint);")
    newest = migrations / "0002_more.sql"
    newest.write_text("ALTER TABLE :schema.note ADD COLUMN more text;")
    await database.migrate(migrations)
    async with database.open() as group:
        assert not await log_newer_schema(group, migrations)
        newest.unlink()
        assert await log_newer_schema(group, migrations)


async def test_shards_below_the_schema_of_the_code_are_named_until_they_have_it(
    postgres_nodes: PostgresNodes, tmp_path: Path
) -> None:
    database = ShardedDatabase(postgres_nodes, tmp_path)
    migrations = tmp_path / "notes" / "migrations"
    migrations.mkdir(parents=True)
    (migrations / "0001_note.sql").write_text("CREATE TABLE :schema.note (id bigint);")
    async with database.open() as group:
        assert "shards 0 to 7 of notes are below" in await schema_shortfall(group, migrations)
        await database.migrate(migrations)
        assert await schema_shortfall(group, migrations) == ""
        database.psql(5, "DELETE FROM :schema.migration WHERE name = 'notes/0001_note.sql'")
        said = await schema_shortfall(group, migrations)
        assert "shard 5 of notes is below" in said
        assert "python -m services.notes.migrate" in said
