"""One database for all job tests, emptied before each test, and short log lines."""

from collections.abc import AsyncIterator, Iterator

import pytest
import structlog

from shared.sharding.shard_group import ShardGroup
from tests.shared.postgres_nodes import PostgresNodes
from tests.shared.shard_groups import SHARD_COUNT, ShardedDatabase

# Connections end first, because a recently cut one may still hold the lease of its relay.
_END_CONNECTIONS = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid();
"""
# TRUNCATE writes, so its commit also flushes earlier asynchronous deletes. A DELETE without rows
# would not, and a crash could bring back the events of an earlier test.
_EMPTY_QUEUE = "TRUNCATE jobs.pgqueuer, jobs.pgqueuer_log, upkeep.expected_rows;"
_TABLES = ("outbox", "edge_out", "edge_in", "edge_count")


@pytest.fixture(autouse=True, scope="package")
def short_log_lines() -> Iterator[None]:
    """Shorten log lines, because these tests cause many faults."""
    structlog.configure(processors=[structlog.processors.KeyValueRenderer()])
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
async def jobs_database(
    postgres_nodes: PostgresNodes, tmp_path_factory: pytest.TempPathFactory
) -> ShardedDatabase:
    database = ShardedDatabase(postgres_nodes, tmp_path_factory.mktemp("jobs"))
    await database.migrate()
    return database


@pytest.fixture
def database(jobs_database: ShardedDatabase) -> ShardedDatabase:
    """Empty the tables, because relays and workers process whatever they find."""
    half = SHARD_COUNT // 2
    for shards in (range(half), range(half, SHARD_COUNT)):
        tables = [f"shard_{shard:04d}.{table}" for shard in shards for table in _TABLES]
        # DELETE, because TRUNCATE creates new files for each table.
        deletes = "".join(f"DELETE FROM {table};" for table in tables)
        jobs_database.psql(shards[0], f"{_END_CONNECTIONS} {_EMPTY_QUEUE} {deletes}")
    return jobs_database


@pytest.fixture
async def group(database: ShardedDatabase) -> AsyncIterator[ShardGroup]:
    async with database.open() as opened:
        yield opened
