"""The code is older than the schema, or a migration fails or is interrupted."""

import os
import shutil
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from infra.run_folder import REPOSITORY
from tests.eventually import eventually
from tests.infra.mistakes.stage import Stage

Situation = Callable[[Stage], Awaitable[None]]
NAME = "9999_later.sql"
# A harmless migration, slow enough for a signal in the middle of 64 shards.
HARMLESS = "CREATE TABLE :schema.later AS SELECT pg_sleep(0.25) IS NULL AS one;\n"
WITHOUT_SCHEMA = "CREATE TABLE later (one int);\n"
# This migration contradicts a shard's contents only if the shard has that row.
UNIQUE = "ALTER TABLE :schema.later_rows ADD CONSTRAINT once UNIQUE (one);\n"


@asynccontextmanager
async def _newer_code(stage: Stage, migration: str) -> AsyncIterator[None]:
    """Use a copy of this code with one more migration of users, inside the block."""
    copy = stage.folder.with_name(stage.folder.name + "-newer")
    shutil.rmtree(copy, ignore_errors=True)
    for name in ("infra", "services", "shared"):
        shutil.copytree(REPOSITORY / name, copy / name, ignore=shutil.ignore_patterns("*.pyc"))
    (copy / ".run").symlink_to(REPOSITORY / ".run")
    (copy / "services" / "users" / "migrations" / NAME).write_text(migration, encoding="utf-8")
    stage.code = copy
    stage.did(f"newer code with {NAME}")
    try:
        yield
    finally:
        stage.code = REPOSITORY
        shutil.rmtree(copy)
        await _forget(stage)


async def _in_users(stage: Stage, statement: str) -> None:
    for node in ("users-a", "users-b"):
        async with stage.suite().postgres(node) as connection:
            await connection.execute(statement)


async def _forget(stage: Stage) -> None:
    """Remove the traces of the newer code."""
    await _in_users(
        stage,
        "DO $$ DECLARE s name; BEGIN FOR s IN SELECT nspname FROM pg_namespace WHERE nspname ~"
        " '^shard_[0-9]{4}$' LOOP"
        f" EXECUTE format('DELETE FROM %I.migration WHERE name LIKE ''%%{NAME[:-4]}%%''', s);"
        " EXECUTE format('DROP TABLE IF EXISTS %I.later, %I.later_rows', s, s);"
        " END LOOP; END $$",
    )


async def old_code_on_a_newer_schema(stage: Stage) -> None:
    """a newer version has migrated, then the older one is put back"""
    async with _newer_code(stage, HARMLESS):
        stage.says(["migrate"], status=0, words=["applied 64 migrations"])
        stage.code = REPOSITORY
        stage.did("the older code")
        said = "this code is older than the schema of users"
        stage.says(["migrate"], status=1, words=[said, NAME[:-4], "bring the newer code back"])
        stage.says(["migrate-status"], status=1, words=[said])
        stage.says(["down"], status=0, words=[])
        stage.says(["up"], status=0, words=[said, "everything answers"])
    await stage.look()


async def a_migration_fails_on_one_shard(stage: Stage) -> None:
    """a migration contradicts what one shard holds, then the shard is mended"""
    await _in_users(
        stage,
        "DO $$ DECLARE s name; BEGIN FOR s IN SELECT nspname FROM pg_namespace WHERE nspname ~"
        " '^shard_[0-9]{4}$' LOOP EXECUTE format('CREATE TABLE %I.later_rows (one int)', s);"
        " EXECUTE format('GRANT ALL ON %I.later_rows TO users', s);"
        " EXECUTE format('ALTER TABLE %I.later_rows OWNER TO users', s); END LOOP; END $$",
    )
    async with stage.suite().postgres("users-b") as connection:
        await connection.execute("INSERT INTO shard_0040.later_rows VALUES (1), (1)")
    async with _newer_code(stage, UNIQUE):
        words = ["shard 40", "failed", NAME[:-4], "later_rows"]
        stage.says(["migrate"], status=1, words=words)
        stage.says(["migrate-status"], status=1, words=["shard   40", "lacks"])
        async with stage.suite().postgres("users-b") as connection:
            await connection.execute("TRUNCATE shard_0040.later_rows")
        stage.did("mended shard 40")
        stage.says(["migrate"], status=0, words=["every shard is at the newest migration"])
    await stage.look()


async def a_migration_without_a_schema(stage: Stage) -> None:
    """a migration has a statement without `:schema`"""
    async with _newer_code(stage, WITHOUT_SCHEMA):
        stage.says(["migrate"], status=1, words=[NAME[:-4], ":schema"])
        stage.code = REPOSITORY
        stage.says(["migrate-status"], status=0, words=[])
    await stage.look()


def _cut(number: signal.Signals, shards: int) -> Situation:
    """Interrupt a migration after this number of shards of users-a has it."""

    async def situation(stage: Stage) -> None:
        async def some_are_done() -> None:
            async with stage.suite().postgres("users-a") as connection:
                done = await connection.fetchval(
                    "SELECT count(*) FROM pg_tables WHERE tablename = 'later'"
                )
                assert done >= shards

        async with _newer_code(stage, HARMLESS):
            child = stage.begun("migrate")
            await eventually(some_are_done, every_s=0.01)
            os.killpg(child.pid, number)
            said, _nothing = child.communicate(timeout=60)
            stage.did(f"{number.name} to `make migrate` after {shards} shards")
            if "Traceback" in said:
                stage.record.faults.append(f"a traceback: {said[-600:]}")
            stage.says(["migrate-status"], status=1, words=["lacks"])
            stage.says(["migrate"], status=0, words=["every shard is at the newest migration"])
        await stage.look()

    situation.__doc__ = f"{number.name} to `make migrate` after {shards} of 32 shards"
    situation.__name__ = f"{number.name.lower()}_migrate_after_{shards}"
    return situation


SCHEMAS = [
    old_code_on_a_newer_schema,
    a_migration_fails_on_one_shard,
    a_migration_without_a_schema,
    *(_cut(n, shards) for n in (signal.SIGINT, signal.SIGKILL) for shards in (1, 16)),
]
