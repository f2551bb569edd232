"""Every query of users can be prepared on a migrated shard."""

from pathlib import Path

import pytest

from services.users.store import accounts
from shared.sql_files import Query, load_queries
from tests.suite import Suite

_FILES = sorted(Path(accounts.__file__).parent.glob("*.sql"))
_QUERIES = [
    pytest.param(query, id=f"{path.stem}.{query.name}")
    for path in _FILES
    for query in load_queries(path).values()
]


@pytest.mark.parametrize("query", _QUERIES)
async def test_a_query_can_be_prepared(query: Query, data_suite: Suite) -> None:
    async with data_suite.postgres("users-a") as connection:
        statement = await connection.prepare(query.for_schema("shard_0000"))
        assert len(statement.get_parameters()) == len(query.parameters)
