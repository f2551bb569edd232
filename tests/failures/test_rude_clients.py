"""A caller who reads nothing, sends half, or holds connections takes nothing from others."""

import asyncio
import select
import socket
import ssl
import struct
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest

from infra.sizing import edge_sizes, this_machine
from tests.eventually import eventually
from tests.journeys.phone import Phone
from tests.suite import Suite

# All of 127.0.0.0/8 is this machine: the rude caller has an address of its own.
RUDE = ("127.0.77.1", 0)
POLITE_READS = 60
_SETTINGS, _HEADERS, _END = 4, 1, 5


def _frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return (
        struct.pack(">I", len(payload))[1:]
        + bytes([kind, flags])
        + struct.pack(">I", stream)
        + payload
    )


def _field(name: bytes, value: bytes) -> bytes:
    return b"\x00" + bytes([len(name)]) + name + bytes([len(value)]) + value


def _connect(suite: Suite, *, tls: bool = False) -> socket.socket:
    nginx = suite.plan.nginx
    port = nginx.tls_port if tls else nginx.port
    return socket.create_connection((nginx.replicas[0], port), source_address=RUDE, timeout=10)


def unread_over_http2(suite: Suite) -> list[socket.socket]:
    """A hundred streams on a connection with a window of zero: no reply can be sent."""
    context = ssl.create_default_context(cafile=str(suite.ca_file))
    context.check_hostname = False
    context.set_alpn_protocols(["h2"])
    wrapped = context.wrap_socket(_connect(suite, tls=True), server_hostname="localhost")
    assert wrapped.selected_alpn_protocol() == "h2"
    window_of_zero = _frame(_SETTINGS, 0, 0, struct.pack(">HI", 4, 0))
    # :method GET and :scheme https are the second and the seventh of HPACK's table.
    head = b"\x82\x87" + _field(b":path", b"/v1/me") + _field(b":authority", b"x")
    streams = [_frame(_HEADERS, _END, 1 + 2 * number, head) for number in range(100)]
    wrapped.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + window_of_zero + b"".join(streams))
    return [wrapped]


def unread_over_http1(suite: Suite) -> list[socket.socket]:
    """Thirty connections with large replies that are never read."""
    held = []
    for _ in range(30):
        one = _connect(suite)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
        one.sendall(b"GET /v1/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 2)
        held.append(one)
    return held


def reads_with_a_body_that_never_comes(suite: Suite) -> list[socket.socket]:
    head = b"GET /v1/me HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"
    return _sent_by(suite, 100, head)


def reads_with_chunks_that_never_come(suite: Suite) -> list[socket.socket]:
    head = b"GET /v1/me HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    return _sent_by(suite, 100, head)


def writes_with_a_body_that_never_comes(suite: Suite) -> list[socket.socket]:
    head = b"POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"
    return _sent_by(suite, 200, head)


def uploads_that_never_come(suite: Suite) -> list[socket.socket]:
    """More uploads than one address may have at once; further ones are refused."""
    count = edge_sizes(suite.plan, this_machine()).bodies_per_address + 50
    head = b"POST /v1/photos HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\n"
    return _sent_by(suite, count, head)


def heads_that_never_end(suite: Suite) -> list[socket.socket]:
    return _sent_by(suite, 500, b"GET /v1/me HTTP/1.1\r\nHost: x\r\nX-Slow: ")


def _sent_by(suite: Suite, count: int, head: bytes) -> list[socket.socket]:
    held = [_connect(suite) for _ in range(count)]
    for one in held:
        one.sendall(head)
    return held


@contextmanager
def holding(sockets: list[socket.socket]) -> Iterator[None]:
    with ExitStack() as stack:
        for one in sockets:
            stack.enter_context(one)
        yield


WAYS = (
    unread_over_http2,
    unread_over_http1,
    reads_with_a_body_that_never_comes,
    reads_with_chunks_that_never_come,
    writes_with_a_body_that_never_comes,
    uploads_that_never_come,
    heads_that_never_end,
)


@pytest.mark.parametrize("rude", WAYS, ids=lambda way: way.__name__)
async def test_others_are_answered_while_one_caller_is_rude(
    suite: Suite, alice: Phone, rude: Callable[[Suite], list[socket.socket]]
) -> None:
    with holding(await asyncio.to_thread(rude, suite)):
        for _ in range(POLITE_READS // 10):
            replies = await asyncio.gather(*(alice.http.get("/v1/me") for _ in range(10)))
            assert [reply.status_code for reply in replies] == [200] * 10


@pytest.mark.parametrize(
    "announced", ["Content-Length: 9", "Transfer-Encoding: chunked", "Content-Length: 0010"]
)
async def test_a_read_with_a_body_is_refused_before_the_body_arrives(
    suite: Suite, announced: str
) -> None:
    reply = await _reply_to(suite, f"GET /v1/me HTTP/1.1\r\nHost: x\r\n{announced}\r\n\r\n")
    assert reply.startswith("HTTP/1.1 400")
    assert '"code":"bad_request"' in reply


async def test_a_read_that_announces_an_empty_body_is_answered(suite: Suite) -> None:
    reply = await _reply_to(suite, "GET /v1/me HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
    assert reply.startswith("HTTP/1.1 401")


async def _reply_to(suite: Suite, head: str) -> str:
    with _connect(suite) as connection:
        connection.sendall(head.encode())
        return (await asyncio.to_thread(connection.recv, 8192)).decode()


async def test_one_address_gets_a_share_of_the_current_uploads(suite: Suite) -> None:
    share = edge_sizes(suite.plan, this_machine()).bodies_per_address
    head = b"POST /v1/photos HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\n"
    sockets = await asyncio.to_thread(_sent_by, suite, share + 10, head)
    with holding(sockets):

        def those_beyond_are_refused() -> list[str]:
            answered, _, _ = select.select(sockets, [], [], 0)
            assert len(answered) == 10
            return [one.recv(8192).decode() for one in answered]

        for reply in await eventually(those_beyond_are_refused):
            assert reply.startswith("HTTP/1.1 429")
            assert '"code":"too_many_requests"' in reply
            assert "Retry-After: 1" in reply
