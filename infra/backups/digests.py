"""Digests of all tables of a database: equal digests mean equal rows, in any order."""

from collections.abc import Mapping

import asyncpg

# Whatever a session is set to, a row is spelled alike.
_SPELLING = """
    SET datestyle = 'ISO, YMD'; SET intervalstyle = 'postgres'; SET timezone = 'UTC';
    SET extra_float_digits = 1; SET bytea_output = 'hex'
"""
# An unlogged table is empty after a recovery, as it should be.
_TABLES = """
    SELECT n.nspname AS schema, c.relname AS name
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND c.relpersistence = 'p'
      AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
    ORDER BY 1, 2
"""
# One statement for many tables spares a round trip each; more than that and planning grows.
_TABLES_A_STATEMENT = 100

Digests = dict[str, str]


async def digests_of(connection: "asyncpg.Connection[asyncpg.Record]") -> Digests:
    """By table, such as `shard_0001.post`: its number of rows and the sum of their hashes."""
    await connection.execute(_SPELLING)
    rows = await connection.fetch(_TABLES)
    found: Digests = {}
    for start in range(0, len(rows), _TABLES_A_STATEMENT):
        some = rows[start : start + _TABLES_A_STATEMENT]
        arms = " UNION ALL ".join(_arm(row["schema"], row["name"]) for row in some)
        found |= {row["name"]: row["digest"] for row in await connection.fetch(arms, timeout=600)}
    return found


def differing(expected: Mapping[str, str], restored: Mapping[str, str]) -> list[str]:
    """Tables whose rows are not the same, those that one side lacks included."""
    names = expected.keys() | restored.keys()
    return sorted(name for name in names if expected.get(name) != restored.get(name))


def _arm(schema: str, name: str) -> str:
    # Names are of the catalogue: nothing of it comes from outside.
    return (
        f"SELECT '{schema}.{name}' AS name, count(*)::text || ':' ||"  # noqa: S608
        f" coalesce(sum(hashtextextended(r::text, 0)), 0)::text AS digest"
        f' FROM "{schema}"."{name}" AS r'
    )
