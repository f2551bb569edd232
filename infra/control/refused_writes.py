"""The settings by which a primary refuses uploads or all writes, and how a start resets them."""

import asyncpg

READ_ONLY = "default_transaction_read_only"
UPLOADS = "retrato.uploads"
# Uploads are refused below this multiple of the free space at which all writes are refused.
UPLOADS_FACTOR = 2
# Reads what `ALTER SYSTEM` has set, which may differ from this session's own settings.
_REFUSED = """
SELECT DISTINCT name FROM pg_file_settings
WHERE name = ANY($1) AND setting IN ('on', 'refused') AND sourcefile LIKE '%postgresql.auto.conf'
"""


async def take_writes(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Reset the refusal of writes; a running disk watch sets it again if space is short.

    If the disk watch does not run, nothing else would reset it.
    """
    rows = await connection.fetch(_REFUSED, [READ_ONLY, UPLOADS])
    for row in rows:
        await connection.execute(f"ALTER SYSTEM RESET {row['name']}")
    if rows:
        await connection.execute("SELECT pg_reload_conf()")
