"""Rows of removed edges end after a day, on both sides, and nothing else does."""

import itertools
from collections.abc import AsyncIterator

import pytest

from shared.edges.edges import Edges
from shared.jobs.edge_pass import PassReport
from shared.jobs.edge_reconciler import EdgeReconciler
from shared.sharding.shard_group import ShardGroup
from shared.sql_files import Query, parse_query
from tests.shared.shard_groups import ShardedDatabase

_numbers = itertools.count(7_000_000)
_HOUR = 3600_000 << 23

OUT = parse_query("out", "SELECT state FROM :schema.edge_out")
IN = parse_query("in", "SELECT state FROM :schema.edge_in")
COUNTS = parse_query("counts", "SELECT node FROM :schema.edge_count")
# A version is an id, which begins with a time.
AGE_OUT = parse_query("age out", "UPDATE :schema.edge_out SET version = version - :by::bigint")
AGE_IN = parse_query("age in", "UPDATE :schema.edge_in SET version = version - :by::bigint")
EVENT = parse_query(
    "event",
    "INSERT INTO :schema.outbox (topic, payload, parked_because)"
    " SELECT 'edge', jsonb_build_object('kind', 'follow', 'src', :src::bigint,"
    " 'dst', :dst::bigint, 'state', 'active', 'version', 1), 'a fault'",
)
FORGET_EVENTS = parse_query("forget events", "DELETE FROM :schema.outbox")
BACK = parse_query("back", "UPDATE :schema.edge_in SET state = 'active' WHERE dst = :dst")
LATER = parse_query("later", "UPDATE :schema.edge_in SET version = version + 5")
DROP_OUT = parse_query("drop", "DELETE FROM :schema.edge_out")


@pytest.fixture
async def group(database: ShardedDatabase) -> AsyncIterator[ShardGroup]:
    async with database.open() as opened:
        yield opened


def person(shard: int) -> int:
    return (next(_numbers) << 23) | (shard << 10)


async def one_pass(group: ShardGroup) -> PassReport:
    return await EdgeReconciler(group, rows_per_s=None, quiet_s=0).full_pass()


async def everywhere(group: ShardGroup, query: Query, **values: int) -> None:
    for shard in group.shards():
        async with group.writer(shard) as tx:
            await tx.execute(query, **values)


async def removed(group: ShardGroup, hours_ago: int) -> tuple[int, int]:
    """An edge that was removed so long ago, with all of its events delivered."""
    follows, alice, bob = Edges(group, "follow"), person(1), person(6)
    await follows.put(alice, bob)
    await follows.remove(alice, bob)
    await everywhere(group, FORGET_EVENTS)
    for query in (AGE_OUT, AGE_IN):
        await everywhere(group, query, by=hours_ago * _HOUR)
    return alice, bob


async def rows(group: ShardGroup) -> tuple[int, int, int]:
    """How many rows of edges, of mirrors and of counts there are."""
    out, mirrors, counts = [
        len(await group.rows_across(query, group.shards())) for query in (OUT, IN, COUNTS)
    ]
    return out, mirrors, counts


async def test_after_a_day_nothing_is_left_of_a_removed_edge(group: ShardGroup) -> None:
    alice, bob = await removed(group, 25)
    report = await one_pass(group)
    assert (report.complete, report.drift.total()) == (True, 0)
    assert await rows(group) == (0, 0, 0)
    await Edges(group, "follow").put(alice, bob)
    assert await Edges(group, "follow").states_in(bob, [alice]) == {alice: "active"}


async def test_within_a_day_both_rows_stay(group: ShardGroup) -> None:
    await removed(group, 23)
    await one_pass(group)
    assert (await rows(group))[:2] == (1, 1)


async def test_an_edge_that_exists_stays_however_old(group: ShardGroup) -> None:
    alice, bob = person(1), person(6)
    await Edges(group, "follow").put(alice, bob)
    await everywhere(group, FORGET_EVENTS)
    for query in (AGE_OUT, AGE_IN):
        await everywhere(group, query, by=1000 * _HOUR)
    await one_pass(group)
    assert await rows(group) == (1, 1, 2)


async def test_a_removed_edge_with_an_undelivered_event_stays_even_if_it_is_parked(
    group: ShardGroup,
) -> None:
    alice, bob = await removed(group, 25)
    async with group.writer(group.shard_of(alice)) as tx:
        await tx.execute(EVENT, src=alice, dst=bob)
    await one_pass(group)
    assert (await rows(group))[:2] == (1, 1)


@pytest.mark.parametrize("drift", [BACK, LATER])
async def test_a_mirror_that_says_otherwise_is_repaired_first(
    group: ShardGroup, drift: Query
) -> None:
    alice, bob = await removed(group, 25)
    async with group.writer(group.shard_of(bob)) as tx:
        await tx.execute(drift, **({"dst": bob} if drift is BACK else {}))
    await one_pass(group)
    # A repair may give the edge a version of now, and then it stays for another day.
    out, mirrors, _counts = await rows(group)
    assert out == mirrors
    assert await Edges(group, "follow").states(alice, [bob]) == {}


async def test_a_removed_mirror_without_a_truth_ends_alone(group: ShardGroup) -> None:
    await removed(group, 25)
    await everywhere(group, DROP_OUT)
    await one_pass(group)
    assert (await rows(group))[:2] == (0, 0)


async def test_a_pass_after_many_ended_doubts_nothing(group: ShardGroup) -> None:
    follows = Edges(group, "follow")
    for _ in range(30):
        alice, bob = person(1), person(6)
        await follows.put(alice, bob)
        await follows.remove(alice, bob)
    await everywhere(group, FORGET_EVENTS)
    assert (await one_pass(group)).reasons == []
    for query in (AGE_OUT, AGE_IN):
        await everywhere(group, query, by=25 * _HOUR)
    assert (await one_pass(group)).reasons == []
    assert (await one_pass(group)).reasons == []
    assert (await rows(group))[:2] == (0, 0)
