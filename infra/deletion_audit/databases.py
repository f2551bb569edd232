"""Searches Postgres for ids in every column of every table that can hold one.

The tables come from the catalogue, so new tables are searched too.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import asyncpg

from infra.control.health import connect_superuser
from infra.deletion_audit.found import Remains, names
from infra.leaders import leader
from infra.suite import Suite

# Conditions for rows that may stay after a deletion; none says anything about the person. Removed
# edges and feed's graph versions keep ids, so that late, older changes are recognised. The empty
# account reserves its id. The receipt remains readable. Queued jobs contain ids for some minutes.
_MAY_STAY = {
    "edge_out": "state = 'removed'",
    "edge_in": "state = 'removed'",
    "edge_count": "in_count = 0 AND out_count = 0",
    "graph_version": "true",
    "pgqueuer": "status = 'queued' AND created > now() - interval '10 minutes'",
    "account": "state = 'void'",
    "deletion": "true",
}

_COLUMNS = """
    SELECT n.nspname AS schema, c.relname AS name, a.attname AS column, t.typname AS type
    FROM pg_attribute AS a
    JOIN pg_class AS c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p')
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_type AS t ON t.oid = a.atttypid
    WHERE a.attnum > 0 AND NOT a.attisdropped
      AND n.nspname NOT IN ('pg_catalog', 'information_schema')
      AND t.typname IN ('int8', '_int8', 'json', 'jsonb', 'text', 'varchar', '_text', 'bytea')
    ORDER BY 1, 2, 3
"""


@dataclass(frozen=True, slots=True)
class _Table:
    schema: str
    name: str
    columns: tuple[tuple[str, str], ...]


async def remains_in_postgres(suite: Suite, wanted_ids: Sequence[int]) -> list[Remains]:
    """Search all primaries; replicas hold nothing else."""
    found: list[Remains] = []
    for group in suite.plan.groups.values():
        for database in group.databases:
            connection = await connect_superuser(suite, leader(database), database=group.name)
            try:
                found += await _remains_on(connection, database.name, wanted_ids)
            finally:
                await connection.close()
    return found


async def _remains_on(
    connection: "asyncpg.Connection[asyncpg.Record]", node: str, wanted_ids: Sequence[int]
) -> list[Remains]:
    tables = list(_tables(await connection.fetch(_COLUMNS)))
    return [
        Remains(f"{node}: {table.schema}.{table.name}", wanted_id, rows)
        for table in tables
        for wanted_id in wanted_ids
        if (rows := await connection.fetchval(_counting(table, wanted_id)))
    ]


def _tables(rows: Iterable[asyncpg.Record]) -> Iterator[_Table]:
    columns: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for row in rows:
        at = (row["schema"], row["name"])
        columns.setdefault(at, []).append((row["column"], row["type"]))
    for (schema, name), of_table in columns.items():
        yield _Table(schema, name, tuple(of_table))


def _counting(table: _Table, wanted_id: int) -> str:
    conditions = " OR ".join(_condition(name, kind, wanted_id) for name, kind in table.columns)
    exempt = _MAY_STAY.get(table.name, "false")
    # Names come from the catalogue and the id is a number, so nothing needs escaping.
    return (
        f'SELECT count(*) FROM "{table.schema}"."{table.name}"'  # noqa: S608
        f" WHERE ({conditions}) AND NOT coalesce({exempt}, false)"
    )


def _condition(column: str, kind: str, wanted_id: int) -> str:
    if kind == "int8":
        return f'"{column}" = {wanted_id}'
    if kind == "_int8":
        return f'{wanted_id} = ANY("{column}")'
    text = f"encode(\"{column}\", 'escape')" if kind == "bytea" else f'"{column}"::text'
    return f"{text} ~ '{names(wanted_id)}'"
