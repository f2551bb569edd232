"""The audit never takes a change under way for drift, whenever it reads."""

import itertools

import pytest

from shared.edges.audit import DriftedEdge, EdgeAudit, EdgeKey, Side
from shared.edges.edges import Edges
from shared.jobs.outbox_relay import OutboxRelay
from shared.sharding.shard_group import ShardGroup
from shared.sql_files import parse_query

_numbers = itertools.count(3_000_000)

FORGET = parse_query("forget", "DELETE FROM :schema.edge_in WHERE src = :src AND dst = :dst")


def person(shard: int) -> int:
    return (next(_numbers) << 23) | (shard << 10)


@pytest.fixture
def audit(group: ShardGroup) -> EdgeAudit:
    return EdgeAudit(group, quiet_s=0)


async def put_unmirrored(group: ShardGroup, key: EdgeKey, state: str) -> None:
    async with group.writer(group.shard_of(key.src)) as tx:
        await Edges(group, key.kind).put(key.src, key.dst, state, tx=tx)
        tx.after_commit.clear()


async def test_an_edge_that_changes_while_one_looks_is_under_way(
    group: ShardGroup, audit: EdgeAudit, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = EdgeKey("follow", person(0), person(5))
    await Edges(group, "follow").put(key.src, key.dst)
    waiting = audit._waiting

    async def change_after_a_look_at_the_outbox(keys: list[EdgeKey]) -> set[EdgeKey]:
        found = await waiting(keys)
        await put_unmirrored(group, key, "removed")
        return found

    monkeypatch.setattr(audit, "_waiting", change_after_a_look_at_the_outbox)
    judged = await audit.judge([key])
    assert (judged.drifted, judged.under_way) == ([], 1)
    await OutboxRelay(group, {}).drain(0)


async def test_an_edge_that_is_mirrored_while_one_looks_agrees(
    group: ShardGroup, audit: EdgeAudit, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = EdgeKey("follow", person(1), person(6))
    await put_unmirrored(group, key, "active")
    waiting = audit._waiting

    async def drain_before_a_look_at_the_outbox(keys: list[EdgeKey]) -> set[EdgeKey]:
        await OutboxRelay(group, {}).drain(1)
        return await waiting(keys)

    monkeypatch.setattr(audit, "_waiting", drain_before_a_look_at_the_outbox)
    judged = await audit.judge([key])
    assert (judged.drifted, judged.under_way) == ([], 0)


async def test_what_nobody_will_deliver_has_drifted(group: ShardGroup, audit: EdgeAudit) -> None:
    key = EdgeKey("follow", person(2), person(7))
    made = await Edges(group, "follow").put(key.src, key.dst)
    async with group.writer(7) as tx:
        await tx.execute(FORGET, src=key.src, dst=key.dst)
    judged = await audit.judge([key])
    assert judged.drifted == [DriftedEdge(key, Side("active", made.version), None)]


async def test_an_edge_that_is_nowhere_is_no_drift(audit: EdgeAudit) -> None:
    judged = await audit.judge([EdgeKey("follow", person(3), person(3))])
    assert (judged.drifted, judged.under_way) == ([], 0)
