"""A search reads a range of the index for any number of people."""

from pathlib import Path

from services.users.store import searchable_names
from shared.sql_files import load_queries
from tests.suite import Suite

_SEARCH = load_queries(Path(searchable_names.__file__).with_suffix(".sql"))["people_by_prefix"]
_VALUES = {
    "prefix": "al",
    "prefix_end": "al\U0010ffff",
    "after_name": "",
    "after_id": 0,
    "limit": 21,
}


async def test_a_prefix_is_a_range_of_the_index_and_is_not_sorted(data_suite: Suite) -> None:
    async with data_suite.postgres("users-a") as connection, connection.transaction():
        # Postgres would read a table this small as a whole.
        await connection.execute("SET LOCAL enable_seqscan = off")
        await connection.execute("SET LOCAL enable_bitmapscan = off")
        text = f"EXPLAIN {_SEARCH.for_schema('shard_0000')}"
        rows = await connection.fetch(text, *_SEARCH.arguments(_VALUES))
    plan = "\n".join(row[0] for row in rows)
    assert "searchable_name_pkey" in plan
    assert "Index Cond: ((name >= 'al'::text) AND (name < 'al" in plan
    assert "Sort" not in plan
