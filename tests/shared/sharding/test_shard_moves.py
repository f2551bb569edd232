"""A shard may move to another primary during writes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from shared.sharding import placement
from shared.sharding.connections import connect
from shared.sharding.database_faults import ShardMoved
from shared.sharding.shard_group import ShardGroup
from shared.sharding.shard_map import NodeAddress
from shared.sql_files import parse_query
from tests.shared.postgres_nodes import PORT, Member, PostgresNodes
from tests.shared.shard_groups import ShardedDatabase

SHARD = 2
EXAMPLE = Path(__file__).parents[1] / "example_service" / "migrations"

INSERT = parse_query(
    "insert", "INSERT INTO :schema.note (owner, body) VALUES (1, :body) RETURNING id"
)
ALL = parse_query("all", "SELECT id FROM :schema.note")
MISSING = parse_query("missing", "SELECT id FROM :schema.no_such_table")


@pytest.fixture
async def database(postgres_nodes: PostgresNodes, tmp_path: Path) -> ShardedDatabase:
    database = ShardedDatabase(postgres_nodes, tmp_path)
    await database.migrate(EXAMPLE)
    return database


class Move:
    """The steps of a shard move."""

    def __init__(self, database: ShardedDatabase) -> None:
        self.database = database

    async def prepare(self) -> None:
        """Create the empty shard on the other primary."""
        there = ShardedDatabase.__new__(ShardedDatabase)
        there.__dict__ |= self.database.__dict__
        there.map_file = self.database.map_file.with_suffix(".planned")
        there.homes = dict(self.database.homes)
        there.write_map(**{f"shard_{SHARD}": "b"})
        await there.migrate(EXAMPLE)

    @asynccontextmanager
    async def connection(self, node: Member) -> AsyncIterator[asyncpg.Connection]:
        login, network = self.database.login, self.database.network
        connection = await connect(NodeAddress(node.name, PORT), login, network)
        try:
            yield connection
        finally:
            await connection.close()

    async def cut_over(self) -> list[int]:
        """Remove the shard from the old primary; returns the ids of its rows."""
        nodes = self.database.nodes
        async with (
            self.connection(nodes.a) as old,
            self.connection(nodes.b) as new,
            old.transaction(),
        ):
            await old.execute("LOCK TABLE shard_0002.fence IN ACCESS EXCLUSIVE MODE")
            rows = await old.fetch("SELECT id, owner, body FROM shard_0002.note")
            clock = await old.fetchval("SELECT last_value FROM shard_0002.id_clock")
            await new.executemany(
                "INSERT INTO shard_0002.note VALUES ($1, $2, $3)", [tuple(row) for row in rows]
            )
            await new.execute("SELECT setval('shard_0002.id_clock', $1)", clock + 1000)
            await old.execute("ALTER SCHEMA shard_0002 RENAME TO retired_0002")
        return [row["id"] for row in rows]

    def announce(self) -> None:
        self.database.write_map(**{f"shard_{SHARD}": "b"})


async def write(group: ShardGroup) -> int:
    async with group.writer(SHARD) as tx:
        id_: int = await tx.value(INSERT, body={})
    return id_


async def test_writers_follow_a_shard_that_moves_and_no_write_is_lost(
    database: ShardedDatabase,
) -> None:
    written: list[int] = []
    done = asyncio.Event()

    async def keep_writing(group: ShardGroup) -> None:
        while not done.is_set():
            written.append(await write(group))

    move = Move(database)
    await move.prepare()
    async with database.open() as group, asyncio.TaskGroup() as writers:
        for _ in range(4):
            writers.create_task(keep_writing(group))
        while len(written) < 50:
            written.append(await write(group))
        moved = await move.cut_over()
        # New writers find the shard gone and wait for the map.
        at_the_cut = len(written)
        move.announce()
        while len(written) < at_the_cut + 50:
            written.append(await write(group))
        done.set()
    assert len(set(written)) == len(written)
    async with database.open() as group:
        there = {row["id"] for row in await group.reader(SHARD).rows(ALL)}
    assert set(written) <= there
    left_behind = database.nodes.a.psql(
        "SELECT count(*) FROM retired_0002.note", database=database.database
    )
    assert int(left_behind) == len(moved)


async def test_readers_follow_a_shard_that_moved(database: ShardedDatabase) -> None:
    move = Move(database)
    await move.prepare()
    async with database.open() as group:
        ids = {await write(group) for _ in range(3)}
        await group.rows_across(ALL, group.shards())
        await move.cut_over()
        move.announce()
        assert {row["id"] for row in await group.reader(SHARD).rows(ALL)} == ids
        assert {row["id"] for row in await group.rows_across(ALL, group.shards())} == ids


async def test_the_neighbours_of_a_shard_that_moved_are_found(database: ShardedDatabase) -> None:
    move = Move(database)
    await move.prepare()
    async with database.open() as group:
        assert await group.rows_across(ALL, [SHARD + 1]) == []
        await move.cut_over()
        move.announce()
        assert await group.rows_across(ALL, [SHARD + 1]) == []


async def test_a_mover_waits_for_the_transactions_inside(database: ShardedDatabase) -> None:
    move = Move(database)
    await move.prepare()
    async with database.open() as group:
        async with group.writer(SHARD) as tx:
            late = await tx.value(INSERT, body={})
            cutting = asyncio.create_task(move.cut_over())
            done, _ = await asyncio.wait({cutting}, timeout=0.3)
            assert not done
        assert late in await cutting


async def test_a_shard_that_does_not_arrive_makes_its_writers_unavailable(
    database: ShardedDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(placement, "MOVE_SECONDS_MAX", 0.2)
    move = Move(database)
    await move.prepare()
    async with database.open() as group:
        await move.cut_over()
        with pytest.raises(ShardMoved):
            await write(group)
        with pytest.raises(ShardMoved):
            await group.reader(SHARD).rows(ALL)
        assert await group.reader(SHARD + 1).rows(ALL) == []
        move.announce()
        assert await write(group)


async def test_a_table_that_never_was_is_our_mistake_and_not_a_move(
    database: ShardedDatabase,
) -> None:
    async with database.open() as group:
        with pytest.raises(asyncpg.UndefinedTableError):
            await group.reader(SHARD).rows(MISSING)
        with pytest.raises(asyncpg.UndefinedTableError):
            await group.rows_across(MISSING, group.shards())
