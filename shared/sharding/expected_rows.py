"""Row counts per shard from the last good walk, stored on every primary of the group.

So the other primaries reveal the loss of one.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import asyncpg

from shared.errors import AppError
from shared.sharding.database_faults import DRIVER_ERRORS
from shared.sharding.shard_group import ShardGroup
from shared.sql_files import load_queries

_SQL = load_queries(Path(__file__).with_suffix(".sql"))

# The shard number under which counts of the whole group are stored.
WHOLE_GROUP = -1

INSTALL = """
CREATE SCHEMA IF NOT EXISTS upkeep;
CREATE TABLE IF NOT EXISTS upkeep.expected_rows (
    shard int NOT NULL,
    what text NOT NULL,
    rows bigint NOT NULL,
    noted_at timestamptz NOT NULL,
    PRIMARY KEY (shard, what)
);
"""

Expected = Mapping[tuple[int, str], int]


async def read_expected(group: ShardGroup) -> Expected:
    """Return the newest count of each (shard, what) on any primary; empty before the first walk.

    Unreachable primaries are skipped, because the others store the same counts.
    """
    newest: dict[tuple[int, str], tuple[datetime, int]] = {}
    for primary in group.primaries():
        try:
            query = _SQL["all_figures"]
            rows = await group.pool_of(primary).fetch(query.text, query.arguments({}))
        except (AppError, *DRIVER_ERRORS):
            continue
        for row in rows:
            key, said = (row["shard"], row["what"]), (row["noted_at"], row["rows"])
            newest[key] = max(said, newest.get(key, said))
    return {key: rows for key, (_noted_at, rows) in newest.items()}


async def note_expected(group: ShardGroup, figures: Expected) -> None:
    """Write counts to every primary; raises Unavailable if one cannot be reached."""
    if not figures:
        return
    query = _SQL["note_figures"]
    arguments = query.arguments(
        {
            "shards": [shard for shard, _what in figures],
            "whats": [what for _shard, what in figures],
            "rows": list(figures.values()),
            "noted_at": datetime.now(UTC),
        }
    )
    for primary in group.primaries():
        node = group.pool_of(primary)
        try:
            await node.fetch(query.text, arguments)
        except asyncpg.UndefinedTableError:
            # `make migrate` creates the table; until then nothing is expected.
            return
