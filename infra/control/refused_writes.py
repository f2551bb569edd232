"""How a primary refuses uploads or all writes, and how a start takes that back."""

import asyncpg

READ_ONLY = "default_transaction_read_only"
UPLOADS = "retrato.uploads"
# What `ALTER SYSTEM` has left behind, whatever this session itself may do.
_REFUSED = """
SELECT DISTINCT name FROM pg_file_settings
WHERE name = ANY($1) AND setting IN ('on', 'refused') AND sourcefile LIKE '%postgresql.auto.conf'
"""


async def take_writes(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Take writes again: the watch of disks refuses them anew, if it runs and room is short.

    Without it nobody else would take them back.
    """
    rows = await connection.fetch(_REFUSED, [READ_ONLY, UPLOADS])
    for row in rows:
        await connection.execute(f"ALTER SYSTEM RESET {row['name']}")
    if rows:
        await connection.execute("SELECT pg_reload_conf()")
