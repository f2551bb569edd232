"""Both sides of every edge agree in the end, whatever was changed on one side."""

import asyncio
import itertools
import random
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial

import pytest
from prometheus_client import REGISTRY

from shared.edges.edges import EdgeCounts, Edges
from shared.edges.mirror import EdgeChange, EdgeMirror
from shared.jobs.edge_pass import PassReport
from shared.jobs.edge_reconciler import REPAIR_RULES, EdgeReconciler
from shared.jobs.outbox_relay import OutboxRelay
from shared.sharding.removal_rules import RemovalRules
from shared.sharding.shard_group import ShardGroup
from shared.sql_files import Query, parse_query
from tests.eventually import eventually
from tests.shared.shard_groups import SHARD_COUNT, ShardedDatabase

_numbers = itertools.count(2_000_000)

OUT = parse_query("out", "SELECT kind, src, dst, state, version FROM :schema.edge_out")
IN = parse_query("in", "SELECT kind, src, dst, state, version FROM :schema.edge_in")
WRONG = parse_query(
    "wrong",
    "SELECT * FROM :schema.edge_count AS c WHERE c.in_count <> (SELECT count(*)"
    " FROM :schema.edge_in WHERE dst = c.node AND kind = c.kind AND state = 'active')"
    " OR c.out_count <> (SELECT count(*) FROM :schema.edge_out"
    " WHERE src = c.node AND kind = c.kind AND state = 'active')",
)
FORGET = parse_query("forget", "DELETE FROM :schema.edge_in WHERE src = :src AND dst = :dst")
AGE = parse_query(
    "age",
    "UPDATE :schema.edge_in SET state = 'removed', version = version - 5"
    " WHERE src = :src AND dst = :dst",
)
LEAP = parse_query(
    "leap",
    "UPDATE :schema.edge_in SET state = 'requested', version = version + 5"
    " WHERE src = :src AND dst = :dst",
)
ORPHAN = parse_query(
    "orphan",
    "INSERT INTO :schema.edge_in (kind, src, dst, state, version)"
    " VALUES ('follow', :src, :dst, 'active', :version)",
)
NEXT_ID = parse_query("next_id", "SELECT :schema.next_id()")
MISCOUNT = parse_query(
    "miscount", "UPDATE :schema.edge_count SET in_count = -3, out_count = 9 WHERE node = :node"
)
UNCOUNT = parse_query("uncount", "DELETE FROM :schema.edge_count WHERE node = :node")
PARK = parse_query("park", "UPDATE :schema.outbox SET parked_because = 'a fault'")
MANY = parse_query(
    "many",
    "INSERT INTO :schema.edge_out (kind, src, dst, state, version)"
    " SELECT 'follow', :src, (2100000 + n::bigint) << 23, 'active', 1000 + n"
    " FROM generate_series(1, :count::int) AS n",
)


@pytest.fixture
async def group(database: ShardedDatabase) -> AsyncIterator[ShardGroup]:
    """A group whose edges are checked after each test: both sides must agree."""
    async with database.open() as opened:
        yield opened
        await assert_agreement(opened)


@pytest.fixture
def follows(group: ShardGroup) -> Edges:
    return Edges(group, "follow")


def person(shard: int) -> int:
    return (next(_numbers) << 23) | (shard << 10)


async def one_pass(group: ShardGroup, rules: RemovalRules = REPAIR_RULES) -> PassReport:
    return await EdgeReconciler(group, rows_per_s=None, quiet_s=0, rules=rules).full_pass()


async def meddle(group: ShardGroup, shard: int, query: Query, **values: int) -> None:
    async with group.writer(shard) as tx:
        assert await tx.execute(query, **values)


async def assert_agreement(group: ShardGroup) -> None:
    truths = {tuple(row) for row in await group.rows_across(OUT, group.shards())}
    mirrors = {tuple(row) for row in await group.rows_across(IN, group.shards())}
    gone = {row for row in mirrors - truths if row[3] == "removed"}
    assert truths == mirrors - gone
    assert await group.rows_across(WRONG, group.shards()) == []


def drift_metric(group: ShardGroup) -> float | None:
    return REGISTRY.get_sample_value("retrato_edge_drift", {"group": group.name, "kind": "follow"})


async def test_what_agrees_is_no_drift(follows: Edges, group: ShardGroup) -> None:
    alice, bob, carol = person(0), person(7), person(3)
    await follows.put(alice, bob)
    await follows.put(alice, carol, "requested")
    await follows.put(carol, bob)
    await follows.remove(carol, bob)
    report = await one_pass(group)
    assert report.complete
    assert report.edges >= 3
    assert (report.drift.total(), report.under_way, report.repaired.total()) == (0, 0, 0)
    assert drift_metric(group) == 0


async def test_a_missing_mirror_is_made(follows: Edges, group: ShardGroup) -> None:
    alice, bob = person(1), person(6)
    await follows.put(alice, bob)
    await meddle(group, 6, FORGET, src=alice, dst=bob)
    report = await one_pass(group)
    # The count was right, but restoring the mirror increments it, so it is recounted too.
    assert report.repaired == {("follow", "missing"): 1, ("follow", "count"): 1}
    assert drift_metric(group) == 2
    assert await follows.states_in(bob, [alice]) == {alice: "active"}
    assert await follows.counts([bob]) == {bob: EdgeCounts(1, 0)}
    assert (await one_pass(group)).drift.total() == 0
    assert drift_metric(group) == 0


async def test_a_stale_mirror_is_brought_up_to_date(follows: Edges, group: ShardGroup) -> None:
    alice, bob = person(2), person(2)
    await follows.put(alice, bob)
    await meddle(group, 2, AGE, src=alice, dst=bob)
    report = await one_pass(group)
    assert report.repaired["follow", "stale"] == 1
    assert await follows.states_in(bob, [alice]) == {alice: "active"}
    assert await follows.counts([bob]) == {bob: EdgeCounts(1, 0)}


async def test_the_truth_wins_over_a_mirror_that_claims_to_be_newer(
    follows: Edges, group: ShardGroup
) -> None:
    alice, bob = person(3), person(4)
    await follows.put(alice, bob)
    await meddle(group, 4, LEAP, src=alice, dst=bob)
    report = await one_pass(group)
    assert report.repaired["follow", "ahead"] == 1
    assert await follows.states_in(bob, [alice]) == {alice: "active"}
    assert await follows.counts([alice, bob]) == {alice: EdgeCounts(0, 1), bob: EdgeCounts(1, 0)}


async def test_an_orphan_is_removed_and_does_not_stand_in_the_way_of_a_true_edge(
    follows: Edges, group: ShardGroup
) -> None:
    alice, bob = person(5), person(0)
    async with group.writer(5) as tx:
        version = await tx.value(NEXT_ID)
    await meddle(group, 0, ORPHAN, src=alice, dst=bob, version=version)
    report = await one_pass(group)
    assert report.repaired["follow", "orphan"] == 1
    assert await follows.states_in(bob, [alice]) == {}
    assert await follows.counts([bob]) == {bob: EdgeCounts()}
    await follows.put(alice, bob)
    assert await follows.states_in(bob, [alice]) == {alice: "active"}


@pytest.mark.parametrize("fault", [MISCOUNT, UNCOUNT], ids=["wrong", "gone"])
async def test_counts_are_counted_anew(follows: Edges, group: ShardGroup, fault: Query) -> None:
    alice, bob = person(6), person(1)
    await follows.put(alice, bob)
    await meddle(group, 6, fault, node=alice)
    await meddle(group, 1, fault, node=bob)
    report = await one_pass(group)
    assert report.repaired == {("follow", "count"): 2}
    assert await follows.counts([alice, bob]) == {alice: EdgeCounts(0, 1), bob: EdgeCounts(1, 0)}


async def test_an_edge_whose_event_waits_is_under_way_until_it_is_parked(
    follows: Edges, group: ShardGroup
) -> None:
    alice, bob = person(4), person(5)
    async with group.writer(4) as tx:
        await follows.put(alice, bob, tx=tx)
        tx.after_commit.clear()
    report = await one_pass(group)
    assert (report.drift.total(), report.under_way) == (0, 1)
    assert await follows.states_in(bob, [alice]) == {}
    async with group.writer(4) as tx:
        assert await tx.execute(PARK) == 1
    report = await one_pass(group)
    assert report.repaired == {("follow", "missing"): 1}


async def test_a_young_change_is_left_alone(follows: Edges, group: ShardGroup) -> None:
    alice, bob = person(4), person(6)
    await follows.put(alice, bob)
    await meddle(group, 6, FORGET, src=alice, dst=bob)
    report = await EdgeReconciler(group, rows_per_s=None, quiet_s=60).full_pass()
    assert (report.under_way, report.repaired["follow", "missing"]) == (1, 0)
    await one_pass(group)


async def test_changes_during_a_pass_are_no_drift(follows: Edges, group: ShardGroup) -> None:
    people = [person(number % SHARD_COUNT) for number in range(24)]
    done = asyncio.Event()

    async def keep_changing(number: int) -> None:
        dice = random.Random(number)
        while not done.is_set():
            src, dst = dice.sample(people, 2)
            shard = group.shard_of(src)
            async with group.writer(shard) as tx:
                await follows.put(src, dst, dice.choice(["active", "removed"]), tx=tx)
                if dice.random() < 0.5:
                    # As if the process had died here; the relay mirrors the edge.
                    tx.after_commit.clear()

    stop = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(OutboxRelay(group, {}, poll_s=0.05).run(stop))
        for number in range(6):
            tasks.create_task(keep_changing(number))
        reports = [await one_pass(group) for _ in range(8)]
        done.set()
        await eventually(partial(assert_agreement, group))
        stop.set()
    assert sum(report.edges for report in reports) > 200
    assert [report.drift.total() for report in reports] == [0] * 8


async def test_counts_that_change_while_they_are_counted_anew_stay_right(
    follows: Edges, group: ShardGroup
) -> None:
    bob, fans = person(3), [person(number % SHARD_COUNT) for number in range(40)]
    await asyncio.gather(*(follows.put(fan, bob) for fan in fans[:20]))
    repair = EdgeReconciler(group, rows_per_s=None, quiet_s=0)
    for round_ in range(5):
        await meddle(group, 3, MISCOUNT, node=bob)
        toggle = follows.remove if round_ % 2 else follows.put
        await asyncio.gather(repair.full_pass(), *(toggle(fan, bob) for fan in fans[20:]))
        await repair.full_pass()
        assert await follows.counts([bob]) == {bob: EdgeCounts(20 if round_ % 2 else 40, 0)}


async def test_a_pass_that_was_killed_is_repeated(
    follows: Edges, group: ShardGroup, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = person(0)
    friends = [person(number % SHARD_COUNT) for number in range(32)]
    await asyncio.gather(*(follows.put(alice, friend) for friend in friends))
    for friend in friends:
        await meddle(group, group.shard_of(friend), FORGET, src=alice, dst=friend)
    applied = itertools.count(1)
    apply = EdgeMirror.apply

    async def apply_and_die(mirror: EdgeMirror, shard: int, changes: list[EdgeChange]) -> None:
        await apply(mirror, shard, changes)
        if next(applied) == 3:
            raise asyncio.CancelledError

    with monkeypatch.context() as patched:
        patched.setattr(EdgeMirror, "apply", apply_and_die)
        with pytest.raises(asyncio.CancelledError):
            await one_pass(group)
    mirrored = [friend for friend in friends if await follows.states_in(friend, [alice])]
    assert len(mirrored) == 12
    report = await one_pass(group)
    assert report.repaired["follow", "missing"] == 20
    assert (await one_pass(group)).drift.total() == 0


async def test_a_pass_goes_on_over_the_edge_of_a_page(follows: Edges, group: ShardGroup) -> None:
    alice = person(1)
    async with group.writer(1) as tx:
        await tx.execute(MANY, src=alice, count=2_500)
    report = await one_pass(group)
    assert report.repaired["follow", "missing"] == 0
    assert "which is no drift" in report.reasons[0]
    report = await one_pass(group, replace(REPAIR_RULES, may_exceed=True))
    assert report.repaired["follow", "missing"] == 2_500
    assert report.reasons == []
    report = await one_pass(group)
    assert (report.drift.total(), report.edges >= 2_500) == (0, True)
    assert await follows.counts([alice]) == {alice: EdgeCounts(0, 2_500)}


async def test_the_loop_repairs_and_ends_when_told(follows: Edges, group: ShardGroup) -> None:
    alice, bob = person(2), person(5)
    await follows.put(alice, bob)
    await meddle(group, 5, FORGET, src=alice, dst=bob)
    stop = asyncio.Event()
    reconciler = EdgeReconciler(group, rows_per_s=100_000, rest_s=60, quiet_s=0)
    loop = asyncio.create_task(reconciler.run(stop))

    async def it_is_mirrored() -> None:
        assert await follows.states_in(bob, [alice]) == {alice: "active"}
        assert await follows.counts([bob]) == {bob: EdgeCounts(1, 0)}

    await eventually(it_is_mirrored)
    stop.set()
    async with asyncio.timeout(5):
        await loop


async def test_a_pass_that_is_told_to_stop_says_so(follows: Edges, group: ShardGroup) -> None:
    await follows.put(person(0), person(1))
    stop = asyncio.Event()
    stop.set()
    assert not (await EdgeReconciler(group, quiet_s=0).full_pass(stop)).complete
