"""Reads and writes of one shard, and reads across shards."""

import asyncio
import signal
from contextlib import suppress
from functools import partial

import asyncpg
import pytest
from asyncpg.pool import PoolConnectionProxy

from shared.deadlines import deadline_within, start_deadline
from shared.errors import DeadlineExceeded, Overloaded, Unavailable
from shared.ids import shard_bits
from shared.sharding.connections import Connection
from shared.sharding.node_pool import KEPT_FOR_READS, NodePool
from shared.sharding.shard_group import ShardGroup
from shared.sharding.union_statement import arguments_over, union_over
from shared.sql_files import parse_query
from tests.eventually import eventually
from tests.shared.shard_groups import SHARD_COUNT, ShardedDatabase
from tests.statements import noted_statements

INSERT = parse_query(
    "insert", "INSERT INTO :schema.note (owner, body) VALUES (:owner, :body) RETURNING id"
)
FIND = parse_query("find", "SELECT id, owner, body FROM :schema.note WHERE id = :id")
BY_IDS = parse_query("by_ids", "SELECT id, owner FROM :schema.note WHERE id = ANY(:ids::bigint[])")
NEWEST = parse_query(
    "newest",
    "SELECT id FROM :schema.note WHERE owner = ANY(:owners::bigint[])"
    " ORDER BY id DESC LIMIT :limit",
)
UPDATE = parse_query(
    "update", "UPDATE :schema.note SET body = :body WHERE id = ANY(:ids::bigint[])"
)
SLEEP = parse_query("sleep", "SELECT pg_sleep(:seconds)")
INSERT_LATE = parse_query(
    "insert_late",
    "INSERT INTO :schema.note (owner, body) SELECT 77, '{}' FROM pg_sleep(:seconds)",
)
BACKEND = parse_query("backend", "SELECT pg_backend_pid()")
PREPARED = parse_query(
    "prepared", "SELECT statement FROM pg_prepared_statements, pg_sleep(0.01) ORDER BY name"
)


async def write(group: ShardGroup, shard: int, owner: int = 1, body: object = None) -> int:
    async with group.writer(shard) as tx:
        id_: int = await tx.value(INSERT, owner=owner, body=body or {"text": "hello"})
    return id_


async def test_what_is_written_is_read_from_the_same_shard(group: ShardGroup) -> None:
    id_ = await write(group, 5, owner=7, body={"tags": ["a", "ü"], "n": None})
    row = await group.reader(5).row(FIND, id=id_)
    assert row is not None
    assert (row["owner"], row["body"]) == (7, {"tags": ["a", "ü"], "n": None})
    assert group.shard_of(id_) == shard_bits(id_) == 5
    assert await group.reader(4).row(FIND, id=id_) is None


async def test_an_error_undoes_the_whole_transaction(group: ShardGroup) -> None:
    ids = []

    async def write_twice_and_fail() -> None:
        async with group.writer(2) as tx:
            ids.append(await tx.value(INSERT, owner=1, body={}))
            ids.append(await tx.value(INSERT, owner=1, body={}))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await write_twice_and_fail()
    assert await group.rows_across(BY_IDS, [2], ids=ids) == []


async def test_a_rule_of_the_database_comes_through_as_it_is(group: ShardGroup) -> None:
    with pytest.raises(asyncpg.NotNullViolationError):
        async with group.writer(2) as tx:
            await tx.execute(INSERT, owner=None, body={})


async def test_a_swallowed_error_is_no_commit(group: ShardGroup) -> None:
    async def write_and_look_away() -> None:
        async with group.writer(2) as tx:
            with suppress(asyncpg.NotNullViolationError):
                await tx.execute(INSERT, owner=None, body={})

    with pytest.raises(RuntimeError, match="swallowed"):
        await write_and_look_away()


async def test_execute_tells_how_many_rows_it_touched(group: ShardGroup) -> None:
    ids = [await write(group, 1) for _ in range(3)]
    async with group.writer(1) as tx:
        assert await tx.execute(UPDATE, body={"text": "edited"}, ids=ids) == 3
        assert await tx.execute(UPDATE, body={}, ids=[]) == 0


async def test_rows_of_many_shards_take_one_statement_per_primary(group: ShardGroup) -> None:
    ids = {await write(group, shard, owner=shard): shard for shard in range(SHARD_COUNT)}
    rows = await group.rows_across(BY_IDS, group.shards(), ids=list(ids))
    assert {row["id"]: row["owner"] for row in rows} == ids

    pids = await group.rows_across(BACKEND, group.shards())
    assert len(pids) == SHARD_COUNT
    assert len({row["pg_backend_pid"] for row in pids}) <= 2


async def test_rows_of_one_shard_of_a_primary_open_no_table_of_another(group: ShardGroup) -> None:
    ids = [await write(group, shard, owner=77) for shard in (1, 6)]
    with noted_statements() as statements:
        rows = await group.rows_across(BY_IDS, [1, 6], ids=ids)
    assert sorted(row["id"] for row in rows) == sorted(ids)
    with noted_statements() as statements:
        assert len(await group.rows_across(BY_IDS, [1], ids=ids)) == 1
    (statement,) = statements
    assert "UNION ALL" not in statement


async def test_each_shard_has_its_own_limit_in_a_statement_over_many(group: ShardGroup) -> None:
    owners = [900, 901]
    for owner, shard in [(900, 0), (901, 6)] * 3:
        await write(group, shard, owner=owner)
    rows = await group.rows_across(NEWEST, [0, 6], owners=owners, limit=2)
    assert len(rows) == 4


async def test_with_an_order_each_primary_gives_no_more_than_the_limit(group: ShardGroup) -> None:
    owners = [910, 911, 912]
    ids = [
        await write(group, shard, owner=owner)
        for owner, shard in zip(owners, (0, 1, 2), strict=True)
        for _ in range(3)
    ]
    rows = await group.rows_across(NEWEST, [0, 1, 2], first_by="id DESC", owners=owners, limit=2)
    assert sorted(row["id"] for row in rows) == sorted(ids)[-2:]
    one = await group.rows_across(NEWEST, [0], first_by="id DESC", owners=owners, limit=2)
    assert len(one) == 2


async def test_a_statement_over_many_shards_touches_only_those_meant(group: ShardGroup) -> None:
    shards = (0, 1, 2, 3)
    plan = await group.primary_by_name("a").fetch(
        "EXPLAIN (ANALYZE, COSTS OFF) " + union_over(BY_IDS, shards),
        arguments_over(BY_IDS, {"ids": [1, 2]}, [2]),
    )
    scans = [row[0] for row in plan if "Heap Scan on note" in row[0]]
    assert len(scans) == len(shards)
    assert ["never executed" in scan for scan in scans] == [True, True, False, True]


async def test_no_shards_no_rows(group: ShardGroup) -> None:
    assert await group.rows_across(BY_IDS, [], ids=[1]) == []


async def test_a_deadline_ends_a_statement(group: ShardGroup) -> None:
    with deadline_within(50), pytest.raises(DeadlineExceeded):
        await group.reader(0).rows(SLEEP, seconds=5)

    async def sleep_inside() -> None:
        async with group.writer(0) as tx:
            with deadline_within(50):
                await tx.rows(SLEEP, seconds=5)

    with pytest.raises(DeadlineExceeded):
        await sleep_inside()
    assert await write(group, 0)


async def test_nothing_starts_after_its_deadline(group: ShardGroup) -> None:
    with deadline_within(0), pytest.raises(DeadlineExceeded):
        await group.reader(0).rows(BACKEND)


async def test_a_commit_is_not_cancelled(group: ShardGroup) -> None:
    written: list[int] = []

    async def write_and_be_cancelled() -> None:
        async with group.writer(3) as tx:
            written.append(await tx.value(INSERT, owner=1, body={}))
            # The cancellation arrives at the next await, which is the commit.
            asyncio.get_running_loop().call_soon(writing.cancel)

    writing = asyncio.create_task(write_and_be_cancelled())
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert await group.reader(3).row(FIND, id=written[0]) is not None


@pytest.mark.parametrize("connections", [3, 1])
async def test_what_is_warmed_up_is_prepared_on_all_connections(
    migrated: ShardedDatabase, connections: int
) -> None:
    async with migrated.open(pool_max=connections) as group:
        await group.warm_up(of_one=[FIND], across=[BY_IDS])
        # Concurrently, so that each uses another connection.
        asked = (group.reader(1).rows(PREPARED) for _ in range(connections))
        answers = await asyncio.gather(*asked)
        here = group.shards_on("a")
    prepared = [[row["statement"] for row in rows] for rows in answers]
    assert all(union_over(BY_IDS, here) in statements for statements in prepared)
    # Reads of one shard are prepared only on the most used connection.
    assert sum(FIND.for_schema("shard_0001") in statements for statements in prepared) == 1


async def test_to_warm_up_changes_nothing_and_does_without_a_primary(
    migrated: ShardedDatabase,
) -> None:
    async with migrated.open() as group:
        await group.warm_up(of_one=[parse_query("empty", "DELETE FROM :schema.note")])
        id_ = await write(group, 5)
        migrated.nodes.a.stop()
        try:
            await group.warm_up(of_one=[FIND])
        finally:
            migrated.nodes.a.start()
        assert await group.reader(5).row(FIND, id=id_) is not None


async def test_what_a_type_is_is_asked_once_by_a_process(
    migrated: ShardedDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Connection, "_types_known", {})
    async with migrated.open() as group:
        assert await group.rows_across(BY_IDS, [1], ids=[1]) == []
    assert Connection._types_known
    monkeypatch.delattr(asyncpg.Connection, "_introspect_types")
    async with migrated.open() as group:
        assert await group.rows_across(BY_IDS, [1], ids=[1]) == []


async def test_a_full_pool_refuses_instead_of_waiting_for_ever(migrated: ShardedDatabase) -> None:
    async with (
        migrated.open(pool_max=1) as small,
        small.writer(0),
    ):
        with deadline_within(100), pytest.raises(Overloaded):
            await small.reader(0).rows(BACKEND)


async def test_writers_that_wait_leave_connections_to_reads(migrated: ShardedDatabase) -> None:
    async with migrated.open(pool_max=KEPT_FOR_READS + 2) as group:
        async with group.writer(0), group.writer(0):
            with deadline_within(100), pytest.raises(Overloaded):
                await write(group, 0)
            rows = await asyncio.gather(*(group.reader(0).rows(BACKEND) for _ in range(8)))
            assert all(rows)
        # None of the three has kept its slot.
        async with group.writer(0), group.writer(0):
            assert await group.reader(0).rows(BACKEND)


@pytest.mark.parametrize("way", ["late", "cancelled"])
async def test_a_read_that_nobody_waits_for_is_let_end(migrated: ShardedDatabase, way: str) -> None:
    async with migrated.open(pool_max=1) as group:
        assert await group.reader(0).rows(BACKEND)
        with deadline_within(500 if way == "late" else 10_000):
            reading = asyncio.create_task(group.reader(0).rows(INSERT_LATE, seconds=1))
        if way == "cancelled":
            await eventually(partial(_assert_sleeps, migrated))
            reading.cancel()
        with pytest.raises((DeadlineExceeded, asyncio.CancelledError)):
            await reading
        # This waits for the only connection. A cancelled statement would have left no row.
        assert await group.reader(0).rows(NEWEST, owners=[77], limit=1)


async def test_who_gets_a_connection_too_late_gives_it_back(
    migrated: ShardedDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with migrated.open(pool_max=1) as group:
        node = group.primary_node(0)

        async def acquire_late() -> PoolConnectionProxy:
            connection = await NodePool.acquire(node)
            start_deadline(-1)
            return connection

        monkeypatch.setattr(node, "acquire", acquire_late)
        with pytest.raises(DeadlineExceeded):
            await asyncio.create_task(group.reader(0).rows(BACKEND))
        monkeypatch.undo()
        with deadline_within(5_000):
            assert await group.reader(0).rows(BACKEND)


async def _assert_sleeps(database: ShardedDatabase) -> None:
    sleeping = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
    assert await asyncio.to_thread(database.psql, 0, sleeping) == "1"


async def test_a_thousand_cancelled_writes_leak_no_place(migrated: ShardedDatabase) -> None:
    async with migrated.open(pool_max=KEPT_FOR_READS + 2) as small:
        for _ in range(20):
            calls = [asyncio.create_task(write(small, 0)) for _ in range(50)]
            await asyncio.wait(calls, timeout=0)
            for call in calls[::2]:
                call.cancel()
            await asyncio.gather(*calls, return_exceptions=True)
        async with asyncio.timeout(5), small.writer(0), small.writer(0):
            assert await small.reader(0).rows(BACKEND)


async def test_a_thousand_cancelled_calls_leak_no_connection(migrated: ShardedDatabase) -> None:
    async with migrated.open(pool_max=4) as small:
        for _ in range(20):
            calls = [
                asyncio.create_task(small.reader(0).rows(SLEEP, seconds=0.001)) for _ in range(50)
            ]
            await asyncio.wait(calls, timeout=0)
            for call in calls[::2]:
                call.cancel()
            await asyncio.gather(*calls, return_exceptions=True)
        async with asyncio.timeout(5):
            await asyncio.gather(*(small.reader(0).rows(BACKEND) for _ in range(50)))


async def test_a_group_opens_and_stays_up_while_a_primary_is_away(
    migrated: ShardedDatabase,
) -> None:
    there, away = 0, SHARD_COUNT - 1
    migrated.nodes.b.crash()
    try:
        async with migrated.open() as group:
            assert await write(group, there)
            with pytest.raises(Unavailable):
                await write(group, away)
            with pytest.raises(Unavailable):
                await group.rows_across(BY_IDS, group.shards(), ids=[1])
            migrated.nodes.b.start()
            assert await eventually(partial(write_if_possible, group, away))
    finally:
        migrated.nodes.b.start()


async def test_who_comes_after_a_silent_primary_was_noticed_is_refused_at_once(
    migrated: ShardedDatabase,
) -> None:
    async with migrated.open() as group:
        migrated.nodes.b.send(signal.SIGSTOP)
        try:
            with deadline_within(20), pytest.raises(DeadlineExceeded):
                await group.reader(7).rows(BACKEND)
            with pytest.raises(Unavailable):
                await group.reader(7).rows(BACKEND)
            # The deadline is so short that only a refusal without an attempt meets it.
            with deadline_within(20), pytest.raises(Unavailable) as refused:
                await group.reader(7).rows(BACKEND)
            assert not isinstance(refused.value, DeadlineExceeded)
        finally:
            migrated.nodes.b.send(signal.SIGCONT)
        assert await eventually(partial(write_if_possible, group, 7))


async def test_a_pool_heals_after_its_primary_was_restarted(migrated: ShardedDatabase) -> None:
    async with migrated.open(pool_max=4) as group:
        for _ in range(2):
            # Fill the pool with connections that will break.
            await asyncio.gather(*(group.reader(7).rows(SLEEP, seconds=0.02) for _ in range(8)))
            migrated.nodes.b.crash()
            migrated.nodes.b.start()
            written = await asyncio.gather(*(write_if_possible(group, 7) for _ in range(8)))
            assert all(written)


async def write_if_possible(group: ShardGroup, shard: int) -> int:
    try:
        return await write(group, shard)
    except Unavailable as error:
        raise AssertionError(error.detail) from error


@pytest.mark.parametrize("way", ["read", "write"])
async def test_a_connection_that_the_driver_has_lost_track_of_is_replaced(
    migrated: ShardedDatabase, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    lost: list[int] = []

    def losing(method: str) -> None:
        real = getattr(asyncpg.Connection, method)

        async def once_lost(
            self: asyncpg.Connection, *arguments: object, **named: object
        ) -> object:
            # The replica lag samples, which also use this method, must not fail.
            if not lost and "_lsn()" not in str(arguments[0]):
                lost.append(self.get_server_pid())
                raise asyncpg.InternalClientError("another operation is in progress")
            return await real(self, *arguments, **named)

        monkeypatch.setattr(asyncpg.Connection, method, once_lost)

    async with migrated.open() as group:
        await group.reader(0).value(BACKEND)
        losing("fetch" if way == "read" else "execute")
        if way == "write":
            await write(group, 0)
        after = await group.reader(0).value(BACKEND)
    assert len(lost) == 1
    assert after not in lost
