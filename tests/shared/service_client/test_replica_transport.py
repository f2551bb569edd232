"""Which requests are retried, on which replica, and how often."""

import asyncio
from collections.abc import Collection

import httpx
import pytest

from shared.network.call_headers import REPEATED_HEADER
from shared.network.resolver import Resolver
from shared.service_client.lean_messages import LeanRequest
from shared.service_client.replica_transport import (
    IS_READ,
    REPEAT,
    TIMEOUT_MS,
    Repeat,
    ReplicaTransport,
)
from shared.service_client.replicas import FAILURES_TO_EJECT
from tests.eventually import eventually

HOST = "users.internal"
BUSY = httpx.Response(503, json={"code": "overloaded"})


class ScriptedExchange:
    """Returns or raises given outcomes in order, the last one for ever; records the addresses."""

    def __init__(self, *outcomes: httpx.Response | Exception) -> None:
        self._outcomes = list(outcomes)
        self.asked: list[str] = []
        self.timeouts_s: list[float] = []

    async def send(self, _request: httpx.Request, address: str, timeout_s: float) -> httpx.Response:
        self.asked.append(address)
        self.timeouts_s.append(timeout_s)
        outcome = self._outcomes.pop(0) if len(self._outcomes) > 1 else self._outcomes[0]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def keep_only(self, addresses: Collection[str]) -> None:
        self.kept = set(addresses)

    async def close(self) -> None:
        pass


def transport_over(exchange: ScriptedExchange, *addresses: str) -> ReplicaTransport:
    resolver = Resolver(())
    resolver.preset(HOST, addresses or ("10.0.0.1", "10.0.0.2"))
    return ReplicaTransport("users", HOST, resolver, exchange)


def request(method: str = "GET", repeat: Repeat = Repeat.ALWAYS) -> httpx.Request:
    extensions = {TIMEOUT_MS: 2_000.0, REPEAT: repeat}
    return httpx.Request(method, f"https://{HOST}/", extensions=extensions)


async def test_the_second_attempt_goes_to_another_replica() -> None:
    exchange = ScriptedExchange(httpx.ReadError("gone"), httpx.Response(200))
    await transport_over(exchange).handle_async_request(request())
    assert sorted(exchange.asked) == ["10.0.0.1", "10.0.0.2"]


async def test_there_is_no_third_attempt() -> None:
    exchange = ScriptedExchange(httpx.ReadError("gone"))
    with pytest.raises(httpx.ReadError):
        await transport_over(exchange).handle_async_request(request())
    assert len(exchange.asked) == 2


@pytest.mark.parametrize(
    ("repeat", "outcome", "attempts"),
    [
        (Repeat.ALWAYS, httpx.ReadError("gone"), 2),
        (Repeat.ALWAYS, httpx.ReadTimeout("late"), 2),
        (Repeat.ALWAYS, httpx.ConnectError("refused"), 2),
        (Repeat.ALWAYS, BUSY, 2),
        (Repeat.IF_NOT_BEGUN, httpx.ReadError("gone"), 1),
        (Repeat.IF_NOT_BEGUN, httpx.ReadTimeout("late"), 1),
        (Repeat.IF_NOT_BEGUN, httpx.ConnectError("refused"), 2),
        (Repeat.IF_NOT_BEGUN, httpx.ConnectTimeout("hangs"), 2),
        (Repeat.IF_NOT_BEGUN, BUSY, 2),
        (Repeat.IF_NOT_SENT, httpx.ReadError("gone"), 1),
        (Repeat.IF_NOT_SENT, BUSY, 1),
        (Repeat.IF_NOT_SENT, httpx.ConnectError("refused"), 2),
    ],
)
async def test_what_may_be_sent_twice(
    repeat: Repeat, outcome: httpx.Response | Exception, attempts: int
) -> None:
    exchange = ScriptedExchange(outcome, httpx.Response(200))
    try:
        await transport_over(exchange).handle_async_request(request("POST", repeat))
    except httpx.TransportError:
        assert attempts == 1
    assert len(exchange.asked) == attempts


async def test_an_error_reply_is_an_answer_and_not_repeated() -> None:
    exchange = ScriptedExchange(httpx.Response(500))
    response = await transport_over(exchange).handle_async_request(request())
    assert (response.status_code, len(exchange.asked)) == (500, 1)


async def test_attempts_stay_within_the_budget_when_everything_fails() -> None:
    exchange = ScriptedExchange(httpx.ReadError("gone"))
    transport = transport_over(exchange)
    for _ in range(1_000):
        with pytest.raises(httpx.ReadError):
            await transport.handle_async_request(request())
    assert len(exchange.asked) <= 1_000 * 1.12


async def test_nothing_is_retried_while_no_replica_answers() -> None:
    exchange = ScriptedExchange(httpx.ConnectError("refused"))
    transport = transport_over(exchange)
    for _ in range(100):
        with pytest.raises(httpx.ConnectError):
            await transport.handle_async_request(request())
    # The calls themselves, and five failures of each of the two replicas.
    assert len(exchange.asked) <= 100 + 2 * FAILURES_TO_EJECT


async def test_a_read_that_waited_for_half_its_time_is_asked_elsewhere_and_not_given_up() -> None:
    exchange = SlowFirst()
    exchange.is_slow = True
    response = await transport_over(exchange).handle_async_request(read(timeout_ms=100))
    assert response.status_code == 200
    assert sorted(exchange.asked) == ["10.0.0.1", "10.0.0.2"]
    first_s, second_s = exchange.timeouts_s
    assert first_s > 0.09
    assert second_s <= 0.05


async def test_a_read_that_waits_goes_on_where_no_second_one_is_granted() -> None:
    exchange = SlowFirst()
    transport = transport_over(exchange)
    while transport._budget.spend():
        pass
    exchange.is_slow = True
    waiting = asyncio.create_task(transport.handle_async_request(read(timeout_ms=2)))
    first = await exchange.stands.get()
    await eventually(lambda: _assert_failed_once(transport))
    first.set_result(None)
    assert (await waiting).status_code == 200
    assert len(exchange.asked) == 1


def _assert_failed_once(transport: ReplicaTransport) -> None:
    assert sum(replica.failures_in_a_row for replica in transport._replicas._replicas) == 1


async def test_a_read_from_the_only_replica_gets_all_the_time() -> None:
    exchange = ScriptedExchange(httpx.Response(200))
    await transport_over(exchange, "10.0.0.1").handle_async_request(read())
    assert exchange.timeouts_s[0] > 1.9


async def test_connections_to_replicas_that_left_are_given_up() -> None:
    exchange = ScriptedExchange(httpx.Response(200))
    transport = transport_over(exchange)
    await transport.handle_async_request(request())
    transport._resolver.preset(HOST, ["10.0.0.2"])
    await transport.handle_async_request(request())
    assert exchange.kept == {"10.0.0.2"}


async def test_nothing_stays_counted_of_an_attempt_that_lost() -> None:
    exchange = SlowFirst()
    transport = transport_over(exchange)
    exchange.is_slow = True
    await transport.handle_async_request(read(timeout_ms=400))
    await eventually(lambda: _assert_idle(transport))


def _assert_idle(transport: ReplicaTransport) -> None:
    assert all(replica.in_flight == 0 for replica in transport._replicas._replicas)


async def test_a_write_is_asked_of_no_second_replica_while_it_waits() -> None:
    exchange = SlowFirst()
    exchange.is_slow = True
    write = request("PUT")
    write.extensions[TIMEOUT_MS] = 2
    waiting = asyncio.create_task(transport_over(exchange).handle_async_request(write))
    first = await exchange.stands.get()
    await asyncio.wait([waiting], timeout=0.01)
    first.set_result(None)
    assert (await waiting).status_code == 200
    assert len(exchange.asked) == 1


class SlowFirst(ScriptedExchange):
    """While it is slow, the next request waits until its future in `stands` is set."""

    def __init__(self) -> None:
        super().__init__(httpx.Response(200))
        self.is_slow = False
        self.stands: asyncio.Queue[asyncio.Future[None]] = asyncio.Queue()

    async def send(self, request: httpx.Request, address: str, timeout_s: float) -> httpx.Response:
        is_slow, self.is_slow = self.is_slow, False
        response = await super().send(request, address, timeout_s)
        if is_slow:
            may_answer = asyncio.get_running_loop().create_future()
            self.stands.put_nowait(may_answer)
            await may_answer
        return response


def read(*, timeout_ms: float = 2_000) -> httpx.Request:
    made = request()
    made.extensions[TIMEOUT_MS] = timeout_ms
    made.extensions[IS_READ] = True
    return made


@pytest.mark.parametrize(
    ("failure", "says_so"), [(httpx.ReadError("gone"), True), (httpx.ConnectError("none"), False)]
)
async def test_a_second_attempt_says_that_the_first_may_have_had_its_effect(
    failure: Exception, says_so: bool
) -> None:
    exchange = ScriptedExchange(failure, httpx.Response(200))
    asked = LeanRequest(
        "POST",
        f"https://{HOST}",
        "/",
        raw_headers=[(b"Host", HOST.encode())],
        extensions={TIMEOUT_MS: 2_000.0, REPEAT: Repeat.ALWAYS},
    )
    assert REPEATED_HEADER not in asked.headers
    await transport_over(exchange).handle_async_request(asked)
    assert len(exchange.asked) == 2
    assert (REPEATED_HEADER in asked.headers) is says_so
