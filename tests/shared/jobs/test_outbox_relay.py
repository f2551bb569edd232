"""The relay delivers the outbox in order and at least once, whatever fails."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from shared.edges.edges import Edges
from shared.errors import Unavailable
from shared.jobs import relay_lease
from shared.jobs.outbox_relay import OutboxRelay
from shared.jobs.relay_lease import RelayLease
from shared.logs import request_id
from shared.sharding.outbox import OutboxEvent
from shared.sharding.shard_group import ShardGroup
from shared.sql_files import parse_query
from tests.eventually import eventually
from tests.shared.postgres_nodes import Member
from tests.shared.shard_groups import ShardedDatabase

LEFT = parse_query(
    "left", "SELECT topic, payload, parked_because FROM :schema.outbox ORDER BY position"
)


class Receiver:
    """A handler that keeps its events, and fails on request."""

    def __init__(self) -> None:
        self.batches: list[list[OutboxEvent]] = []
        self.failure: Exception | None = None
        self.poison: int | None = None
        self.calls = 0

    @property
    def numbers(self) -> list[int]:
        """The numbers in the order of their first arrival; after a fault some come again."""
        return list(dict.fromkeys(event.payload["n"] for batch in self.batches for event in batch))

    async def __call__(self, events: list[OutboxEvent]) -> None:
        self.calls += 1
        if self.failure is not None:
            raise self.failure
        if any(event.payload["n"] == self.poison for event in events):
            raise ValueError("cannot be digested")
        self.batches.append(events)


async def publish(group: ShardGroup, shard: int, *numbers: int, topic: str = "news") -> None:
    for number in numbers:
        async with group.writer(shard) as tx:
            await tx.publish(topic, {"n": number})


@asynccontextmanager
async def running(group: ShardGroup, **options: Any) -> AsyncIterator[None]:
    handlers = options.pop("handlers")
    stop = asyncio.Event()
    relay = OutboxRelay(group, handlers, **({"poll_s": 0.05} | options))
    loop = asyncio.create_task(relay.run(stop))
    try:
        yield
    finally:
        stop.set()
        await loop


async def received(receiver: Receiver, numbers: list[int]) -> None:
    def they_are_there() -> None:
        assert receiver.numbers == numbers

    await eventually(they_are_there)


async def nothing_left(group: ShardGroup) -> None:
    async def empty() -> None:
        assert [await group.reader(shard).rows(LEFT) for shard in group.shards()] == [[]] * 8

    await eventually(empty)


async def test_events_arrive_in_their_order_and_are_gone_afterwards(group: ShardGroup) -> None:
    receiver = Receiver()
    await publish(group, 3, *range(20))
    async with running(group, handlers={"news": receiver}):
        await received(receiver, list(range(20)))
        await publish(group, 3, 20, 21)
        await received(receiver, list(range(22)))
        await nothing_left(group)


async def test_an_event_of_an_undone_transaction_is_never_sent(group: ShardGroup) -> None:
    receiver = Receiver()

    async def publish_and_fail() -> None:
        async with group.writer(1) as tx:
            await tx.publish("news", {"n": 1})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await publish_and_fail()
    await publish(group, 1, 2)
    async with running(group, handlers={"news": receiver}):
        await received(receiver, [2])


async def test_a_commit_wakes_the_relay_without_a_poll(group: ShardGroup) -> None:
    receiver = Receiver()
    async with running(group, handlers={"news": receiver}, poll_s=60):
        await publish(group, 0, 1)
        await received(receiver, [1])
        await publish(group, 7, 2)
        await received(receiver, [1, 2])


async def test_a_backlog_is_sent_in_batches_of_500(group: ShardGroup) -> None:
    receiver = Receiver()
    async with group.writer(2) as tx:
        for number in range(1_100):
            await tx.publish("news", {"n": number})
    async with running(group, handlers={"news": receiver}):
        await received(receiver, list(range(1_100)))
    assert [len(batch) for batch in receiver.batches] == [500, 500, 100]


async def test_the_request_id_goes_with_the_event(group: ShardGroup) -> None:
    receiver = Receiver()
    token = request_id.set("r-1")
    await publish(group, 0, 1)
    request_id.reset(token)
    async with running(group, handlers={"news": receiver}):
        await received(receiver, [1])
    assert receiver.batches[0][0].request_id == "r-1"


async def test_what_fails_waits_and_the_rest_goes_on(group: ShardGroup) -> None:
    failing, fine = Receiver(), Receiver()
    failing.failure = Unavailable()
    await publish(group, 4, 1, 2, 3)
    await publish(group, 4, 7, 8, topic="mail")
    async with running(group, handlers={"news": failing, "mail": fine}, failures_max=2):
        await received(fine, [7, 8])

        def it_was_tried_often() -> None:
            assert failing.calls > 3

        await eventually(it_was_tried_often)
        failing.failure = None
        await received(failing, [1, 2, 3])
        await nothing_left(group)


async def test_an_event_that_cannot_be_digested_is_parked_out_of_the_way(
    group: ShardGroup,
) -> None:
    receiver = Receiver()
    receiver.poison = 3
    await publish(group, 4, 1, 2, 3, 4, 5)
    async with running(group, handlers={"news": receiver}, failures_max=3):
        await received(receiver, [1, 2, 4, 5])
    left = await group.reader(4).rows(LEFT)
    assert [(row["payload"]["n"], row["parked_because"]) for row in left] == [
        (3, "ValueError('cannot be digested')")
    ]


async def test_a_topic_that_nobody_handles_is_kept(group: ShardGroup) -> None:
    receiver = Receiver()
    await publish(group, 4, 1, topic="future")
    await publish(group, 4, 2)
    async with running(group, handlers={"news": receiver}):
        await received(receiver, [2])
    async with running(group, handlers={"future": receiver}):
        await received(receiver, [2, 1])


async def test_of_two_relays_one_works_and_the_other_takes_over(
    database: ShardedDatabase, group: ShardGroup
) -> None:
    first, second = Receiver(), Receiver()
    async with database.open() as other, running(other, handlers={"news": second}):
        async with running(group, handlers={"news": first}):
            await publish(group, 0, *range(10))
            await publish(group, 7, *range(10, 20))

            def all_came_once() -> None:
                assert sorted(first.numbers + second.numbers) == list(range(20))

            await eventually(all_came_once)
        await publish(group, 0, 100)
        await publish(group, 7, 101)

        def the_other_has_them() -> None:
            assert {100, 101} <= set(second.numbers)

        await eventually(the_other_has_them)


async def test_who_waits_for_the_lease_is_not_kept_busy_by_events(
    database: ShardedDatabase, group: ShardGroup
) -> None:
    never = asyncio.Event()
    async with (
        RelayLease(group, "a", poll_s=60) as leading,
        RelayLease(group, "a", poll_s=60) as waiting,
    ):
        assert await leading.held()
        assert not await waiting.held()
        await publish(group, 0, 1)
        async with asyncio.timeout(5):
            await leading.wait(never)
            await waiting.wait(never)
        assert await leading.shards_to_drain() == {0}
        assert not await waiting.held()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await waiting.wait(never)


def _cut(node: Member) -> None:
    """End the session that holds the lease, as a demotion does."""
    node.psql(
        "SELECT pg_terminate_backend(pid) FROM pg_locks"
        " WHERE locktype = 'advisory' AND objid = 1768910 AND granted"
    )


def _freeze(node: Member) -> None:
    node.send(signal.SIGSTOP)


@pytest.mark.parametrize("fault", [_cut, _freeze])
async def test_a_delivery_ends_with_the_lease(
    database: ShardedDatabase,
    group: ShardGroup,
    fault: Callable[[Member], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The next holder of the lease delivers these events and later ones, which must come after."""
    monkeypatch.setattr(relay_lease, "SILENT_SECONDS_MAX", 0.5)
    under_way, ended = asyncio.Event(), asyncio.Event()

    async def hang(_events: list[OutboxEvent]) -> None:
        under_way.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with running(group, handlers={"news": hang}):
        await publish(group, 7, 1)
        await under_way.wait()
        fault(database.nodes.b)
        try:
            async with asyncio.timeout(20):
                await ended.wait()
        finally:
            database.nodes.b.send(signal.SIGCONT)


async def test_the_relay_goes_on_when_its_primary_is_back(
    database: ShardedDatabase, group: ShardGroup
) -> None:
    receiver = Receiver()
    async with running(group, handlers={"news": receiver}):
        await publish(group, 7, 1)
        await received(receiver, [1])
        database.nodes.b.crash()
        try:
            await publish(group, 0, 2)
            await received(receiver, [1, 2])
        finally:
            database.nodes.b.start()
        await eventually(lambda: publish_if_possible(group, 7, 3))
        await received(receiver, [1, 2, 3])


async def test_edges_to_a_primary_that_is_away_do_not_hold_up_the_others(
    database: ShardedDatabase, group: ShardGroup
) -> None:
    alice, near, far = 1 << 10, 2 << 10, 6 << 10
    follows = Edges(group, "follow")
    async with running(group, handlers={}):
        database.nodes.b.crash()
        try:
            async with group.writer(1) as tx:
                for dst in (far, near):
                    await follows.put(alice, dst, tx=tx)
                tx.after_commit.clear()

            async def the_near_one_knows() -> None:
                assert await follows.states_in(near, [alice]) == {alice: "active"}

            await eventually(the_near_one_knows)
        finally:
            database.nodes.b.start()

        async def the_far_one_knows() -> None:
            try:
                assert await follows.states_in(far, [alice]) == {alice: "active"}
            except Unavailable as error:
                raise AssertionError from error

        await eventually(the_far_one_knows)
        await nothing_left(group)


async def publish_if_possible(group: ShardGroup, shard: int, number: int) -> None:
    try:
        await publish(group, shard, number)
    except Unavailable as error:
        raise AssertionError from error
