"""Ids from the database are unique and growing, whatever the clock does."""

import asyncio
import time

import asyncpg

from shared.ids import EPOCH_MS, created_ms, shard_bits
from shared.sharding.connections import connect
from shared.sharding.shard_group import ShardGroup
from shared.sql_files import parse_query
from tests.shared.shard_groups import ShardedDatabase

NEXT_IDS = parse_query(
    "next_ids", "SELECT :schema.next_id() AS id FROM generate_series(1, :count::int)"
)
NEXT_ID_AT = parse_query("next_id_at", "SELECT :schema.next_id_at(:now_ms)")
LAST = parse_query("last", "SELECT last_value FROM :schema.id_clock")


def now_ms() -> int:
    return int(time.time() * 1000) - EPOCH_MS


async def test_ten_thousand_ids_from_eight_connections_are_distinct_and_growing(
    group: ShardGroup,
) -> None:
    reader = group.reader(3)

    async def make() -> list[int]:
        return [row["id"] for _ in range(5) for row in await reader.rows(NEXT_IDS, count=250)]

    batches = await asyncio.gather(*(make() for _ in range(8)))
    made = [id_ for batch in batches for id_ in batch]
    assert len(set(made)) == 10_000
    assert all(batch == sorted(batch) for batch in batches)
    assert {shard_bits(id_) for id_ in made} == {3}


async def test_an_id_carries_the_present_time(group: ShardGroup) -> None:
    before = int(time.time() * 1000)
    made = await group.reader(6).value(NEXT_IDS, count=1)
    assert before - 1 <= created_ms(made) <= time.time() * 1000 + 1


async def test_more_than_a_thousand_in_a_millisecond_go_on_in_the_next(group: ShardGroup) -> None:
    reader, frozen_ms = group.reader(1), now_ms() + 10_000
    made = [await reader.value(NEXT_ID_AT, now_ms=frozen_ms) for _ in range(1030)]
    assert made == sorted(set(made))
    assert (made[-1] >> 23) == frozen_ms + 1


async def test_a_clock_that_steps_back_gives_no_id_again(group: ShardGroup) -> None:
    reader, present_ms = group.reader(2), now_ms() + 60_000
    before = await reader.value(NEXT_ID_AT, now_ms=present_ms)
    after = [await reader.value(NEXT_ID_AT, now_ms=present_ms - 500) for _ in range(3)]
    assert [before, *after] == sorted({before, *after})
    assert {id_ >> 23 for id_ in after} == {present_ms}


async def test_an_id_far_ahead_of_the_clock_holds_its_caller_back(group: ShardGroup) -> None:
    reader, present_ms = group.reader(2), now_ms() + 120_000
    await reader.value(NEXT_ID_AT, now_ms=present_ms)
    started_s = time.perf_counter()
    await reader.value(NEXT_ID_AT, now_ms=present_ms - 5_000)
    assert time.perf_counter() - started_s >= 0.01


async def test_a_rollback_gives_no_id_again(group: ShardGroup) -> None:
    class Undone(Exception):
        pass

    lost: list[int] = []
    try:
        async with group.writer(0) as tx:
            lost.append(await tx.value(NEXT_IDS, count=1))
            raise Undone
    except Undone:
        pass
    assert await group.reader(0).value(NEXT_IDS, count=1) > lost[0]


async def test_an_open_transaction_keeps_nobody_from_an_id(group: ShardGroup) -> None:
    async with group.writer(0) as tx:
        mine = await tx.value(NEXT_IDS, count=1)
        async with asyncio.timeout(1):
            assert await group.reader(0).value(NEXT_IDS, count=1) > mine


async def test_a_cancelled_statement_leaves_the_shard_open_to_others(
    group: ShardGroup, migrated: ShardedDatabase
) -> None:
    address = group.primaries()[0].candidates[0]
    cut_short = await connect(
        address,
        migrated.login,
        migrated.network,
        session_settings={"statement_timeout": "3ms"},
    )
    try:
        for _ in range(20):
            try:
                await cut_short.fetch("SELECT shard_0001.next_id() FROM generate_series(1, 5000)")
            except asyncpg.QueryCanceledError:
                continue
        async with asyncio.timeout(1):
            assert await group.reader(1).value(NEXT_IDS, count=1)
    finally:
        await cut_short.close()
