"""Rows whose time is over go, in every shard, and no others."""

from collections.abc import AsyncIterator

import pytest

from shared.jobs.expired_rows import ExpiredRows, Expiry
from shared.sharding.idempotency import KEPT_SECONDS
from shared.sharding.shard_group import ShardGroup
from shared.sql_files import parse_query
from tests.shared.shard_groups import SHARD_COUNT, ShardedDatabase

_REQUESTS = parse_query(
    "requests",
    "INSERT INTO :schema.idempotency (scope, key, body_hash, attempt, started_at)"
    " SELECT :scope, n::text, '', 1, now() - make_interval(secs => :age_s)"
    " FROM generate_series(1, :count::int) AS n",
)
_SCOPES = parse_query("scopes", "SELECT scope FROM :schema.idempotency")
_EMPTY = parse_query("empty", "DELETE FROM :schema.idempotency")
_PARKED = parse_query(
    "parked", "INSERT INTO :schema.outbox (topic, payload, parked_because) VALUES ('x', '{}', 'y')"
)
_END_EVENTS = parse_query(
    "end events",
    "DELETE FROM :schema.outbox WHERE position = ANY(ARRAY("
    " SELECT position FROM :schema.outbox WHERE :kept_s::int = 7 LIMIT :limit))",
)
_EVENTS = parse_query("events", "SELECT position FROM :schema.outbox")


@pytest.fixture
async def group(database: ShardedDatabase) -> AsyncIterator[ShardGroup]:
    async with database.open() as opened:
        for shard in opened.shards():
            async with opened.writer(shard) as tx:
                await tx.execute(_EMPTY)
        yield opened


async def test_recorded_replies_end_in_shards_where_nobody_asks_any_more(
    group: ShardGroup,
) -> None:
    for shard in (0, SHARD_COUNT - 1):
        async with group.writer(shard) as tx:
            await tx.execute(_REQUESTS, scope="old", age_s=KEPT_SECONDS + 60, count=1_200)
            await tx.execute(_REQUESTS, scope="young", age_s=KEPT_SECONDS - 60, count=3)
    await ExpiredRows(group).full_pass()
    left = [row["scope"] for row in await group.rows_across(_SCOPES, group.shards())]
    assert left == ["young"] * 6


async def test_a_service_adds_what_ends_by_its_own_age(group: ShardGroup) -> None:
    async with group.writer(3) as tx:
        await tx.execute(_PARKED)
    await ExpiredRows(group, [Expiry(_END_EVENTS, 8)]).full_pass()
    assert len(await group.rows_across(_EVENTS, group.shards())) == 1
    await ExpiredRows(group, [Expiry(_END_EVENTS, 7)]).full_pass()
    assert await group.rows_across(_EVENTS, group.shards()) == []
