"""Exchanges with servers that follow HTTP's rules, and with some that do not."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

import httpx
import pytest

from shared.service_client import http1_pool
from shared.service_client.http1_exchange import Http1Exchange
from shared.service_client.http1_pool import Http1Pool
from tests.eventually import eventually

ADDRESS = "127.22.4.1"
Peer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@asynccontextmanager
async def speaking_to(peer: Peer) -> AsyncIterator[tuple[Http1Exchange, httpx.Request]]:
    """Yield an exchange with a server that runs `peer`, and a request for it."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await peer(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, ADDRESS, 0)
    port = server.sockets[0].getsockname()[1]
    url = httpx.URL(f"http://users.internal:{port}/")
    exchange = Http1Exchange(url, None)
    try:
        yield exchange, httpx.Request("GET", url)
    finally:
        await exchange.close()
        server.close()


async def read_head(reader: asyncio.StreamReader) -> bytes:
    return await reader.readuntil(b"\r\n\r\n")


async def test_one_connection_serves_many_requests() -> None:
    connections = 0

    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        while await read_head(reader):
            writer.write(OK)

    async with speaking_to(peer) as (exchange, request):
        for _ in range(5):
            assert (await exchange.send(request, ADDRESS, 1)).content == b"ok"
    assert connections == 1


async def test_a_connection_that_the_server_closes_is_not_used_again() -> None:
    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")

    async with speaking_to(peer) as (exchange, request):
        for _ in range(3):
            assert (await exchange.send(request, ADDRESS, 1)).content == b"ok"


async def test_chunks_and_interim_replies_are_understood() -> None:
    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        writer.write(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n")
        writer.write(b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n")
        await writer.drain()
        writer.write(b"3\r\nay!\r\n0\r\n\r\n")
        await reader.read()

    async with speaking_to(peer) as (exchange, request):
        response = await exchange.send(request, ADDRESS, 1)
    assert (response.status_code, response.content) == (201, b"okay!")
    assert "link" not in response.headers


@pytest.mark.parametrize(
    "said",
    [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", b"not HTTP at all\r\n\r\n"],
    ids=["nothing", "half", "nonsense"],
)
async def test_a_reply_that_is_not_whole_is_a_read_error(said: bytes) -> None:
    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        writer.write(said)

    async with speaking_to(peer) as (exchange, request):
        with pytest.raises(httpx.ReadError):
            await exchange.send(request, ADDRESS, 1)


async def test_a_reply_that_nobody_asked_for_is_never_taken_for_one() -> None:
    told = asyncio.Event()

    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        writer.write(OK)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
        await writer.drain()
        told.set()
        await reader.read()

    async with speaking_to(peer) as (exchange, request):
        for _ in range(3):
            assert (await exchange.send(request, ADDRESS, 1)).content == b"ok"
            await told.wait()


async def test_silence_is_a_timeout_and_frees_the_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http1_pool, "UNHEARD_S", 0.05)

    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with speaking_to(peer) as (exchange, request):
        with pytest.raises(httpx.ReadTimeout):
            await exchange.send(request, ADDRESS, 0.05)

        await eventually(partial(_assert_idle, exchange._pools[ADDRESS]))


@pytest.mark.parametrize("way", ["late", "cancelled"])
async def test_a_late_reply_leaves_its_connection_to_others_and_is_heard_by_none(way: str) -> None:
    connections = 0
    asked, may_answer = asyncio.Event(), asyncio.Event()

    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        for number in itertools.count():
            await read_head(reader)
            asked.set()
            await may_answer.wait()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n%d" % number)

    async with speaking_to(peer) as (exchange, request):
        first = asyncio.create_task(exchange.send(request, ADDRESS, 0.2 if way == "late" else 5))
        await asked.wait()
        if way == "cancelled":
            first.cancel()
        with pytest.raises((httpx.ReadTimeout, asyncio.CancelledError)):
            await first
        pool = exchange._pools[ADDRESS]
        assert (pool.in_use, connections) == (1, 1)
        may_answer.set()
        await eventually(partial(_assert_idle, pool))
        assert (await exchange.send(request, ADDRESS, 1)).content == b"1"
    assert connections == 1


async def test_nobody_gets_a_connection_before_its_late_reply() -> None:
    connections = 0
    asked = asyncio.Event()

    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        is_first = connections == 1
        await read_head(reader)
        asked.set()
        if is_first:  # Send half of the reply only.
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nev")
            await reader.read()
        writer.write(OK)
        await reader.read()

    async with speaking_to(peer) as (exchange, request):
        first = asyncio.create_task(exchange.send(request, ADDRESS, 5))
        await asked.wait()
        first.cancel()
        assert (await exchange.send(request, ADDRESS, 5)).content == b"ok"
    assert connections == 2


async def test_only_so_many_late_replies_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http1_pool, "UNHEARD_MAX", 1)
    ended = 0

    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal ended
        await reader.read()
        ended += 1

    async with speaking_to(peer) as (exchange, request):
        late = (exchange.send(request, ADDRESS, 0.2) for _ in range(3))
        results = await asyncio.gather(*late, return_exceptions=True)
        assert all(isinstance(result, httpx.ReadTimeout) for result in results)
        assert exchange._pools[ADDRESS].in_use == 1

        async def two_have_ended() -> None:
            assert ended == 2

        await eventually(two_have_ended)


async def _assert_idle(pool: Http1Pool) -> None:
    assert pool.in_use == 0


async def test_a_refusal_ends_the_sending_of_a_stream() -> None:
    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        await reader.read(100)

    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 1
            yield b"x" * 65_536
            await asyncio.get_running_loop().run_in_executor(None, int)

    async with speaking_to(peer) as (exchange, request):
        stream = httpx.Request("POST", request.url, content=endless())
        response = await exchange.send(stream, ADDRESS, 5)
    assert response.status_code == 413
    assert sent < 10_000


async def test_a_line_break_in_a_header_is_never_sent() -> None:
    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        writer.write(OK)

    async with speaking_to(peer) as (exchange, request):
        smuggled = httpx.Request("GET", request.url, headers={"X-A": "1\r\nX-B: 2"})
        with pytest.raises(ValueError, match="line break"):
            await exchange.send(smuggled, ADDRESS, 1)


async def test_nobody_listening_is_a_connect_error() -> None:
    exchange = Http1Exchange(httpx.URL("http://users.internal:1/"), None)
    with pytest.raises(httpx.ConnectError):
        await exchange.send(httpx.Request("GET", "http://users.internal:1/"), ADDRESS, 1)


async def test_a_retired_replica_keeps_no_connection_even_of_a_request_under_way() -> None:
    asked, may_answer = asyncio.Event(), asyncio.Event()
    ended = asyncio.Event()

    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        asked.set()
        await may_answer.wait()
        writer.write(OK)
        await reader.read()
        ended.set()

    async with speaking_to(peer) as (exchange, request):
        answer = asyncio.create_task(exchange.send(request, ADDRESS, 5))
        await asked.wait()
        exchange.keep_only(["127.22.4.2"])
        may_answer.set()
        assert (await answer).content == b"ok"
        async with asyncio.timeout(5):
            await ended.wait()
