"""The keeper's queries to primaries: marks in the WAL, archive state, deleted accounts."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from infra.control.closing import close_connection
from infra.control.health import connect_superuser
from infra.plan.parts import Member
from infra.suite import Suite

# One silent server must not hold up what is done for the others; the next round asks again.
_ANSWERS_S = 10.0
FAULTS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
SEGMENT_BYTES = 16 * 1024**2
_ERASURES_MAX = 10_000

# Counts all written rows; a primary that has written none since its last mark needs no new one.
_ROWS_WRITTEN = """
    SELECT coalesce(sum(tup_inserted + tup_updated + tup_deleted), 0)::bigint
    FROM pg_stat_database
"""
# A recovery ends at the first commit after its target, so the target needs a later commit.
_COMMIT = "SELECT pg_logical_emit_message(true, 'retrato.backup', $1)"
_SWITCH = "SELECT pg_walfile_name(pg_switch_wal() - 1)"
_ARCHIVE = """
    SELECT last_archived_wal, failed_count,
           (SELECT count(*) FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready') AS waiting
    FROM pg_stat_archiver
"""


@dataclass(frozen=True, slots=True)
class ArchiveState:
    """The state of a primary's archiving; `waiting_bytes` of WAL are not archived yet."""

    last_segment: str
    failures: int
    waiting_bytes: int


@asynccontextmanager
async def connected(
    suite: Suite, node: Member, database: str = "postgres", *, within_s: float = _ANSWERS_S
) -> "AsyncIterator[asyncpg.Connection[asyncpg.Record]]":
    """Open a connection to a server as its superuser."""
    connection = await connect_superuser(suite, node, database=database, within_s=within_s)
    try:
        yield connection
    finally:
        await close_connection(connection)


async def rows_written(suite: Suite, node: Member) -> int:
    """Return a counter that changes with every written row."""
    async with connected(suite, node) as connection:
        return int(await connection.fetchval(_ROWS_WRITTEN))


async def mark_and_switch(suite: Suite, node: Member, moment: datetime) -> str:
    """Commit a mark and switch the WAL, so that its segment is archived; returns its name."""
    async with connected(suite, node) as connection:
        await connection.execute(_COMMIT, moment.isoformat())
        return str(await connection.fetchval(_SWITCH))


async def archive_state(suite: Suite, node: Member) -> ArchiveState:
    """Return the state of a primary's archiving; `last_segment` is "" before the first."""
    async with connected(suite, node) as connection:
        row = await connection.fetchrow(_ARCHIVE)
    if row is None:
        return ArchiveState("", 0, 0)
    # The last file may be a backup label, whose name begins like a segment's.
    named = re.match(r"[0-9A-F]{24}", row["last_archived_wal"] or "")
    return ArchiveState(
        named[0] if named else "", row["failed_count"], row["waiting"] * SEGMENT_BYTES
    )


async def deleted_accounts(suite: Suite, node: Member, since: datetime) -> dict[int, datetime]:
    """Map accounts whose deletion was requested after `since` to the time of the request."""
    async with connected(suite, node, database=node.service) as connection:
        schemas = await connection.fetch(
            "SELECT n.nspname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace"
            " WHERE c.relname = 'deletion' AND c.relkind = 'r' AND n.nspname LIKE 'shard\\_%'"
        )
        if not schemas:
            return {}
        arms = " UNION ALL ".join(
            f'SELECT user_id, requested_at FROM "{row["nspname"]}".deletion'  # noqa: S608
            for row in schemas
        )
        rows = await connection.fetch(
            f"SELECT user_id, requested_at FROM ({arms}) AS every_shard"  # noqa: S608
            " WHERE requested_at > $1 ORDER BY requested_at LIMIT $2",
            since,
            _ERASURES_MAX,
        )
    return {row["user_id"]: row["requested_at"] for row in rows}
