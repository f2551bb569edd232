"""Reads of one logical shard."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from asyncpg import Record

from shared.sharding.shard_map import schema_of
from shared.sql_files import Query

Fetch = Callable[[str, Sequence[object]], Awaitable[list[Record]]]


class Reader:
    """Runs named queries in one shard, each outside of a transaction."""

    def __init__(self, shard: int, fetch: Fetch) -> None:
        self.shard = shard
        self.schema = schema_of(shard)
        self._fetch = fetch

    async def rows(self, query: Query, /, **values: object) -> list[Record]:
        """Return all rows; the query itself must bound them."""
        return await self._fetch(query.for_schema(self.schema), query.arguments(values))

    async def row(self, query: Query, /, **values: object) -> Record | None:
        """Return the first row, or None."""
        rows = await self.rows(query, **values)
        return rows[0] if rows else None

    async def value(self, query: Query, /, **values: object) -> Any:
        """Return the first column of the first row, or None."""
        row = await self.row(query, **values)
        return None if row is None else row[0]
