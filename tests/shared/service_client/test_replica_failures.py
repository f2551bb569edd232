"""Replicas are killed, hang or drain during calls."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from itertools import count

import pytest

from shared.errors import DeadlineExceeded, Unavailable
from shared.service_client.client import ServiceClient
from shared.service_client.metrics import upstream_retries
from tests.eventually import eventually
from tests.shared.conftest import OWN_ADDRESSES, ClientOf, StartReplica
from tests.shared.replica_process import HOST_NAME, ReplicaProcess


class Load:
    """Runs `at_once` concurrent calls until stopped; a failing call ends it with its error."""

    def __init__(self, call: Callable[[], Awaitable[object]], at_once: int = 10) -> None:
        self.answered = 0
        self._call = call
        self._is_over = False
        self._callers = [asyncio.create_task(self._keep_calling()) for _ in range(at_once)]

    async def _keep_calling(self) -> None:
        while not self._is_over:
            await self._call()
            self.answered += 1

    async def answers(self, more: int) -> None:
        """Wait for this many further answers."""
        wanted = self.answered + more

        def reached() -> None:
            for caller in self._callers:
                if caller.done():
                    caller.result()
            assert self.answered >= wanted

        await eventually(reached, within_s=20)

    async def stop(self) -> None:
        self._is_over = True
        await asyncio.gather(*self._callers)


def _list_only(client: ServiceClient, address: str) -> None:
    """Make DNS list only one address."""
    client._transport._resolver.preset(HOST_NAME, [address])  # type: ignore[attr-defined]


async def _has_begun(client_of: ClientOf, replica: ReplicaProcess) -> None:
    observer = client_of(replica.address)

    async def begun() -> None:
        assert (await observer.get("/counts")).get("begun") == 1

    await eventually(begun)


async def test_a_replica_killed_under_load_fails_no_read(
    start_replica: StartReplica, client_of: ClientOf
) -> None:
    one, other = (start_replica(address) for address in OWN_ADDRESSES)
    client = client_of(one.address, other.address)
    reads = Load(lambda: client.get("/who"))
    await reads.answers(200)
    one.signal(signal.SIGKILL)
    await reads.answers(500)
    await reads.stop()


async def test_a_replica_that_hangs_delays_reads_but_fails_none(
    start_replica: StartReplica, client_of: ClientOf
) -> None:
    one, other = (start_replica(address) for address in OWN_ADDRESSES)
    client = client_of(one.address, other.address)
    reads = Load(lambda: client.get("/who"))
    await reads.answers(200)
    one.signal(signal.SIGSTOP)
    await reads.answers(1_000)
    await reads.stop()


async def test_a_pause_of_all_replicas_fails_no_read_that_has_time_left(
    start_replica: StartReplica, client_of: ClientOf
) -> None:
    replicas = [start_replica(address) for address in OWN_ADDRESSES]
    client = client_of(*(replica.address for replica in replicas))
    reads = Load(lambda: client.get("/who"))
    await reads.answers(200)
    await reads.stop()
    for replica in replicas:
        replica.signal(signal.SIGSTOP)
    denied = upstream_retries.labels(client.name, "no")
    before = denied._value.get()
    waiting = [asyncio.create_task(client.get("/who", timeout_ms=1_500)) for _ in range(100)]

    def is_half_over() -> None:
        assert denied._value.get() > before

    await eventually(is_half_over)
    for replica in replicas:
        replica.signal(signal.SIGCONT)
    await asyncio.gather(*waiting)


async def test_a_replica_that_comes_to_itself_begins_nothing_that_was_given_up(
    start_replica: StartReplica, client_of: ClientOf
) -> None:
    replica = start_replica(OWN_ADDRESSES[0])
    client, observer = client_of(replica.address), client_of(replica.address)
    await client.get("/who")  # Opens a connection, which then holds the next request unread.
    replica.signal(signal.SIGSTOP)
    with pytest.raises(DeadlineExceeded):
        await client.post("/slow-people", {"username": "alice"}, timeout_ms=200)
    with pytest.raises(Unavailable):
        await observer.get("/who", timeout_ms=200)
    replica.signal(signal.SIGCONT)

    def is_over() -> None:
        lines = [line for line in replica.lines() if line.get("path") == "/slow-people"]
        assert [line["status"] for line in lines] == [504]

    await eventually(is_over)
    assert await observer.get("/counts") == {}


async def test_a_drained_replica_fails_no_write(
    start_replica: StartReplica, client_of: ClientOf
) -> None:
    one, other = (start_replica(address) for address in OWN_ADDRESSES)
    client = client_of(one.address, other.address)
    numbers = count()
    writes = Load(lambda: client.post("/people", {"username": f"alice{next(numbers)}"}), at_once=3)
    await writes.answers(100)
    one.signal(signal.SIGTERM)
    await eventually(lambda: _assert_refuses(one))
    await writes.answers(50)
    _list_only(client, other.address)
    assert one.process is not None
    assert await asyncio.to_thread(one.process.wait, 10) == 0
    await writes.answers(50)
    await writes.stop()


def _assert_refuses(replica: ReplicaProcess) -> None:
    assert replica.ready() == (0, "")


async def test_a_write_that_reached_nobody_goes_to_another_replica(
    start_replica: StartReplica, client_of: ClientOf
) -> None:
    client = client_of("127.22.3.9", start_replica(OWN_ADDRESSES[0]).address)
    for number in range(10):
        assert await client.post("/people", {"username": f"alice{number}"})


async def test_a_write_without_a_key_is_never_sent_twice(
    start_replica: StartReplica, client_of: ClientOf
) -> None:
    one, other = (start_replica(address) for address in OWN_ADDRESSES)
    client = client_of(one.address)
    write = asyncio.create_task(client.post("/slow-people", {"username": "alice"}))
    await _has_begun(client_of, one)
    client._transport._replicas.update([other.address])  # type: ignore[attr-defined]
    one.signal(signal.SIGKILL)
    with pytest.raises(Unavailable):
        await write
    assert await client_of(other.address).get("/counts") == {}


async def test_a_write_with_a_key_is_sent_again_elsewhere(
    start_replica: StartReplica, client_of: ClientOf
) -> None:
    one, other = (start_replica(address) for address in OWN_ADDRESSES)
    client = client_of(one.address)
    write = asyncio.create_task(
        client.post("/slow-people", {"username": "alice"}, idempotency_key="key-1")
    )
    await _has_begun(client_of, one)
    client._transport._replicas.update([other.address])  # type: ignore[attr-defined]
    one.signal(signal.SIGKILL)
    assert (await write)["username"] == "alice"


async def test_nobody_there_is_unavailable_at_once(client_of: ClientOf) -> None:
    with pytest.raises(Unavailable):
        await client_of("127.22.3.8", "127.22.3.9").get("/who")


async def test_a_refused_request_is_taken_by_another_replica(
    start_replica: StartReplica, client_of: ClientOf
) -> None:
    limits = {"REPLICA_CONCURRENT_MAX": "1", "REPLICA_WAITING_MAX": "0"}
    full, free = start_replica(OWN_ADDRESSES[0], **limits), start_replica(OWN_ADDRESSES[1])
    blocker = asyncio.create_task(client_of(full.address).get("/slow", params={"ms": 1_500}))

    def is_full() -> None:
        assert "retrato_http_requests_in_flight 1.0" in full.metrics()

    await eventually(is_full)
    client = client_of(full.address, free.address)
    for number in range(10):
        assert await client.post("/people", {"username": f"bob{number}"})
    await blocker
