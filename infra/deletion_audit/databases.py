"""Searches Postgres in every column of every table that can hold an id or a text.

The tables come from the catalogue, so new tables are searched too.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import asyncpg

from infra.deletion_audit.found import Remains, names
from infra.deletion_audit.may_stay import TYPED_BY_OTHERS, exemption
from infra.elsewhere.sessions import connect_operator
from infra.leaders import leader
from infra.suite import Suite

_COLUMNS = """
    SELECT n.nspname AS schema, c.relname AS name, a.attname AS column, t.typname AS type
    FROM pg_attribute AS a
    JOIN pg_class AS c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p')
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_type AS t ON t.oid = a.atttypid
    WHERE a.attnum > 0 AND NOT a.attisdropped
      AND n.nspname NOT IN ('pg_catalog', 'information_schema')
      AND t.typname NOT IN ('bool', 'int2', 'int4', 'float4', 'float8', 'date', 'time', 'timetz',
                            'timestamp', 'timestamptz', 'interval', 'oid', 'inet', 'cidr')
    ORDER BY 1, 2, 3
"""

# One round trip for so many tables; planning even more at once takes longer than that.
_TABLES_A_STATEMENT = 100
_BIGINT_MAX = 2**63 - 1


@dataclass(frozen=True, slots=True)
class _Table:
    schema: str
    name: str
    columns: tuple[tuple[str, str], ...]


async def remains_in_postgres(suite: Suite, wanted: Sequence[str]) -> list[Remains]:
    """Search all primaries; replicas hold nothing else."""
    found: list[Remains] = []
    for group in suite.plan.groups.values():
        for database in group.databases:
            connection = await connect_operator(suite, leader(database))
            try:
                found += await _remains_on(connection, database.name, wanted)
            finally:
                await connection.close()
    return found


async def _remains_on(
    connection: "asyncpg.Connection[asyncpg.Record]", node: str, wanted: Sequence[str]
) -> list[Remains]:
    tables = list(_tables(await connection.fetch(_COLUMNS)))
    patterns = [names(word) for word in wanted]
    found: list[Remains] = []
    for start in range(0, len(tables), _TABLES_A_STATEMENT):
        some = tables[start : start + _TABLES_A_STATEMENT]
        arms = " UNION ALL ".join(_counting(table, wanted) for table in some)
        found += [
            Remains(f"{node}: {row['place']}", word, rows)
            for row in await connection.fetch(arms, *patterns)
            for word, rows in zip(wanted, row["counts"], strict=True)
            if rows
        ]
    return found


def _tables(rows: Iterable[asyncpg.Record]) -> Iterator[_Table]:
    columns: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for row in rows:
        at = (row["schema"], row["name"])
        columns.setdefault(at, []).append((row["column"], row["type"]))
    for (schema, name), of_table in columns.items():
        yield _Table(schema, name, tuple(of_table))


def _counting(table: _Table, wanted: Sequence[str]) -> str:
    """Return the statement that counts the rows with each word; $1, $2… are their patterns."""
    counts = ", ".join(
        f"count(*) FILTER (WHERE {_conditions(table, word, f'${number}')})"
        for number, word in enumerate(wanted, 1)
    )
    # Names come from the catalogue and an id is a number, so nothing needs escaping.
    return (
        f"SELECT '{table.schema}.{table.name}' AS place, ARRAY[{counts}] AS counts"  # noqa: S608
        f' FROM "{table.schema}"."{table.name}"'
        f" WHERE NOT coalesce({exemption(table.name, table.schema)}, false)"
    )


def _conditions(table: _Table, wanted: str, pattern: str) -> str:
    typed = set() if wanted.isdecimal() else TYPED_BY_OTHERS.get(table.name, set())
    searched = [
        _condition(name, kind, wanted, pattern) for name, kind in table.columns if name not in typed
    ]
    # The pattern is named in any case, so that Postgres knows its type.
    return " OR ".join((*(one for one in searched if one), f"{pattern}::text IS NULL"))


def _condition(column: str, kind: str, wanted: str, pattern: str) -> str | None:
    """Return the condition for one column; None if it cannot hold the word."""
    if kind in {"int8", "_int8"}:
        if not wanted.isdecimal() or int(wanted) > _BIGINT_MAX:
            return None
        return f'"{column}" = {wanted}' if kind == "int8" else f'{wanted} = ANY("{column}")'
    text = f"encode(\"{column}\", 'escape')" if kind == "bytea" else f'"{column}"::text'
    return f"{text} ~* {pattern}"
