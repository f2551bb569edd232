"""Concurrent changes to one target node share transactions."""

import asyncio
import itertools

import pytest

from shared.edges import batches
from shared.edges.edges import Edges
from shared.edges.mirror import EdgeChange, EdgeMirror
from shared.errors import Unavailable
from shared.jobs.outbox_relay import OutboxRelay
from shared.sharding.shard_group import ShardGroup
from shared.sql_files import parse_query

_numbers = itertools.count(3_000_000)

WAITING = parse_query("waiting", "SELECT position FROM :schema.outbox WHERE topic = 'edge'")


def node(shard: int) -> int:
    return (next(_numbers) << 23) | (shard << 10)


@pytest.fixture
def batch_sizes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Records the sizes of batches from now on."""
    apply, sizes = EdgeMirror.apply, []

    async def counted(self: EdgeMirror, shard: int, changes: list[EdgeChange]) -> None:
        sizes.append(len(changes))
        await apply(self, shard, changes)

    monkeypatch.setattr(EdgeMirror, "apply", counted)
    return sizes


async def test_a_hundred_at_once_to_one_node_take_few_transactions_and_are_all_counted(
    group: ShardGroup, batch_sizes: list[int]
) -> None:
    likes, post = Edges(group, "batched"), node(5)
    people = [node(shard % group.shard_count) for shard in range(100)]
    await asyncio.gather(*(likes.put(person, post) for person in people))
    assert (await likes.counts([post]))[post].in_count == 100
    assert sum(batch_sizes) == 100
    assert len(batch_sizes) < 50
    for shard in group.shards():
        assert await group.reader(shard).rows(WAITING) == []


async def test_one_alone_is_mirrored_before_its_reply(
    group: ShardGroup, batch_sizes: list[int]
) -> None:
    likes, post = Edges(group, "batched"), node(6)
    await likes.put(node(1), post)
    assert (await likes.counts([post]))[post].in_count == 1
    assert batch_sizes == [1]


async def test_a_batch_that_fails_is_left_to_the_relay_and_the_next_one_goes_on(
    group: ShardGroup, monkeypatch: pytest.MonkeyPatch
) -> None:
    likes, post, bob, carol = Edges(group, "batched"), node(7), node(2), node(3)

    async def away(_self: EdgeMirror, _shard: int, _changes: list[EdgeChange]) -> None:
        raise Unavailable

    with monkeypatch.context() as broken:
        broken.setattr(EdgeMirror, "apply", away)
        assert (await likes.put(bob, post)).changed
    assert (await likes.counts([post]))[post].in_count == 0
    await likes.put(carol, post)
    await OutboxRelay(group, {}).drain(group.shard_of(bob))
    assert (await likes.counts([post]))[post].in_count == 2


async def test_who_waits_too_long_goes_on_and_the_change_arrives_by_the_relay(
    group: ShardGroup, monkeypatch: pytest.MonkeyPatch
) -> None:
    likes, post, bob = Edges(group, "batched"), node(8), node(4)
    monkeypatch.setattr(batches, "MIRROR_MS_MAX", 1)

    patience_is_over = asyncio.Event()

    async def slowly(_self: EdgeMirror, _shard: int, _changes: list[EdgeChange]) -> None:
        await patience_is_over.wait()
        raise Unavailable

    with monkeypatch.context() as stuck:
        stuck.setattr(EdgeMirror, "apply", slowly)
        assert (await likes.put(bob, post)).changed
        patience_is_over.set()
    await OutboxRelay(group, {}).drain(group.shard_of(bob))
    assert (await likes.counts([post]))[post].in_count == 1
