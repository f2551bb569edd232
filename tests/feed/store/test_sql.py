"""Every named statement can be prepared on a migrated shard."""

from pathlib import Path

import pytest

from services.feed import store
from shared.sharding.shard_group import ShardGroup
from shared.sql_files import Query, load_queries

_FOLDER = Path(str(store.__file__)).parent
_QUERIES = [
    query for path in sorted(_FOLDER.glob("*.sql")) for query in load_queries(path).values()
]


@pytest.mark.parametrize("query", _QUERIES, ids=lambda query: query.name)
async def test_a_statement_can_be_prepared(query: Query, group: ShardGroup) -> None:
    for shard in (0, group.shard_count - 1):
        node = group.primary_node(shard)
        connection = await node.acquire()
        try:
            await connection.prepare(query.for_schema(group.reader(shard).schema))
        finally:
            await node.release(connection)
