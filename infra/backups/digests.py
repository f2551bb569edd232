"""Digests of all tables of a database; equal digests mean equal rows in any order."""

from collections.abc import Mapping

import asyncpg

# Settings that make the text of a row independent of the session.
_SPELLING = """
    SET datestyle = 'ISO, YMD'; SET intervalstyle = 'postgres'; SET timezone = 'UTC';
    SET extra_float_digits = 1; SET bytea_output = 'hex'
"""
# Unlogged tables are left out, because they are empty after a recovery.
_TABLES = """
    SELECT n.nspname AS schema, c.relname AS name
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND c.relpersistence = 'p'
      AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
    ORDER BY 1, 2
"""
# One statement for many tables saves round trips; with even more tables planning takes too long.
_TABLES_A_STATEMENT = 100

Digests = dict[str, str]


async def digests_of(connection: "asyncpg.Connection[asyncpg.Record]") -> Digests:
    """Map each table, such as `shard_0001.post`, to its row count and the sum of row hashes."""
    await connection.execute(_SPELLING)
    rows = await connection.fetch(_TABLES)
    found: Digests = {}
    for start in range(0, len(rows), _TABLES_A_STATEMENT):
        some = rows[start : start + _TABLES_A_STATEMENT]
        arms = " UNION ALL ".join(_arm(row["schema"], row["name"]) for row in some)
        found |= {row["name"]: row["digest"] for row in await connection.fetch(arms, timeout=600)}
    return found


def differing(expected: Mapping[str, str], restored: Mapping[str, str]) -> list[str]:
    """Return the tables whose digests differ or that one side lacks, sorted."""
    names = expected.keys() | restored.keys()
    return sorted(name for name in names if expected.get(name) != restored.get(name))


def _arm(schema: str, name: str) -> str:
    # Names come from the catalogue, so nothing needs escaping.
    return (
        f"SELECT '{schema}.{name}' AS name, count(*)::text || ':' ||"  # noqa: S608
        f" coalesce(sum(hashtextextended(r::text, 0)), 0)::text AS digest"
        f' FROM "{schema}"."{name}" AS r'
    )
