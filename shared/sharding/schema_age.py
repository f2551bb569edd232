"""Logs at the start of a process that its code is older than the schema which it works on."""

from pathlib import Path

from shared.errors import AppError
from shared.logs import get_logger
from shared.sharding.database_faults import DRIVER_ERRORS
from shared.sharding.migration_files import FOUNDATION, read_migrations, unknown_to
from shared.sharding.shard_group import ShardGroup
from shared.sharding.shard_map import schema_of

log = get_logger()


async def log_newer_schema(group: ShardGroup, migrations: Path) -> bool:
    """Look at one shard of each primary; True if any has migrations that this code does not have.

    The process starts all the same: migrations are written so that the code before can go on. A
    primary that is away is passed over.
    """
    known = read_migrations([FOUNDATION, migrations])
    is_newer = False
    for primary in group.primaries():
        schema = schema_of(group.shards_on(primary.name)[0])
        try:
            rows = await group.node(primary.address).fetch(
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
