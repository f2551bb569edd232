"""Compares the migrations in the code with those in the shards, at the start of a process."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from shared.errors import AppError
from shared.logs import get_logger
from shared.sharding.database_faults import DRIVER_ERRORS
from shared.sharding.doubts import shards_text
from shared.sharding.migration_files import FOUNDATION, Migration, read_migrations, unknown_to
from shared.sharding.shard_group import ShardGroup
from shared.sharding.shard_map import Primary, schema_of

_SCHEMAS_WITH_RECORD = """
SELECT nspname FROM pg_namespace JOIN pg_class ON relnamespace = pg_namespace.oid
WHERE relname = 'migration' AND relkind = 'r' AND nspname = ANY($1::text[])
"""

log = get_logger()


async def log_newer_schema(group: ShardGroup, migrations: Path) -> bool:
    """Check one shard per primary; returns whether any has migrations that this code lacks.

    The process starts anyway, because migrations must keep older code working. Unreachable
    primaries are skipped.
    """
    known = read_migrations([FOUNDATION, migrations])
    is_newer = False
    for primary in group.primaries():
        schema = schema_of(group.shards_on(primary.name)[0])
        try:
            rows = await group.pool_of(primary).fetch(
                f"SELECT name FROM {schema}.migration",  # noqa: S608 - a schema of ours
                (),
            )
        except (AppError, *DRIVER_ERRORS):
            continue
        unknown = unknown_to(known, [row["name"] for row in rows])
        if unknown:
            is_newer = True
            log.error("code_older_than_schema", primary=primary.name, unknown=unknown)
    return is_newer


async def schema_shortfall(group: ShardGroup, migrations: Path) -> str:
    """Return a sentence about shards that lack migrations of this code; "" if none does.

    Unreachable primaries are skipped, because the process can still work on the others.
    """
    needed = read_migrations([FOUNDATION, migrations])
    found = await asyncio.gather(*(_below(group, primary, needed) for primary in group.primaries()))
    shards = {shard for some in found for shard in some}
    if not shards:
        return ""
    service = migrations.parent.name
    return (
        f"{shards_text(shards, service)} below the schema of this code;"
        f" `python -m services.{service}.migrate` applies what is missing"
    )


async def _below(group: ShardGroup, primary: Primary, needed: Sequence[Migration]) -> Sequence[int]:
    shards = group.shards_on(primary.name)
    schemas = {schema_of(shard): shard for shard in shards}
    node = group.pool_of(primary)
    try:
        rows = await node.fetch(_SCHEMAS_WITH_RECORD, (list(schemas),))
        there = [row["nspname"] for row in rows]
        counted = (
            await node.fetch(_count_of_each(there), ([m.name for m in needed],)) if there else []
        )
    except (AppError, *DRIVER_ERRORS):
        return ()
    whole = {schemas[row["schema"]] for row in counted if row["applied"] == len(needed)}
    return [shard for shard in shards if shard not in whole]


def _count_of_each(schemas: Sequence[str]) -> str:
    return " UNION ALL ".join(
        f"SELECT '{schema}' AS schema, count(*) AS applied FROM {schema}.migration"  # noqa: S608
        " WHERE name = ANY($1::text[])"
        for schema in schemas
    )
