"""Nodes and groups for the tests of what is shared; made only when a test asks."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from shared.sharding.shard_group import ShardGroup
from tests.shared.postgres_nodes import PostgresNodes
from tests.shared.shard_groups import ShardedDatabase


@pytest.fixture(scope="session")
def postgres_nodes() -> Iterator[PostgresNodes]:
    # Several sessions may run at once on one machine.
    nodes = PostgresNodes(f"127.{64 + os.getpid() % 128}")
    try:
        yield nodes
    finally:
        nodes.remove()


@pytest.fixture(scope="session")
async def migrated(
    postgres_nodes: PostgresNodes, tmp_path_factory: pytest.TempPathFactory
) -> ShardedDatabase:
    """A group that the tests of a session share; each uses ids of its own."""
    group = ShardedDatabase(postgres_nodes, tmp_path_factory.mktemp("maps"))
    await group.migrate(Path(__file__).with_name("example_service") / "migrations")
    return group


@pytest.fixture(scope="session")
async def group(migrated: ShardedDatabase) -> AsyncIterator[ShardGroup]:
    async with migrated.open() as opened:
        yield opened
