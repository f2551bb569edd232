"""What a balancer refuses by itself while gateways are down or frozen."""

import asyncio
import json
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from http.client import HTTPResponse
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from infra.programs import program
from infra.rendering.nginx import configuration_of
from tests.eventually import eventually
from tests.journeys.phone import phone_of
from tests.suite import Suite

ORIGIN = "https://app.example"
HEAD = b"Host: x\r\nConnection: close\r\n"
TOO_MUCH = b"a" * 9_000

Answer = tuple[int, dict[str, str], bytes]


class Edge:
    """A separate balancer that allows one CORS origin and shared caches of pictures."""

    def __init__(self, address: str, port: int) -> None:
        self._where = (address, port)

    async def ask(self, request: bytes, origin: str | None = ORIGIN) -> Answer:
        """Send a raw request; returns status, headers by lower-case name, and body."""
        line, _, rest = request.partition(b"\r\n")
        named = b"" if origin is None else f"Origin: {origin}\r\n".encode()
        sent = line + b"\r\n" + HEAD + named + rest
        return await asyncio.to_thread(self._send, sent)

    def _send(self, request: bytes) -> Answer:
        with socket.create_connection(self._where, timeout=20) as one:
            one.sendall(request)
            # Read one reply, not to the end: the server resets a connection without its body.
            reply = HTTPResponse(one)
            reply.begin()
            joined: dict[str, str] = {}
            for name, value in reply.getheaders():
                known = joined.get(name.lower())
                joined[name.lower()] = value if known is None else f"{known}, {value}"
            return reply.status, joined, reply.read()


@pytest.fixture
async def edge(suite: Suite, tmp_path: Path) -> AsyncIterator[Edge]:
    drawn = suite.plan
    address = f"{drawn.network}.1.8"
    nginx = replace(drawn.nginx, replicas=(address,), cors_origins=(ORIGIN,), shared_caches=True)
    gateway = replace(drawn.services["gateway"], replicas=(_away(suite),))
    services = {**drawn.services, "gateway": gateway}
    without = replace(suite.on_disk, plan=replace(drawn, nginx=nginx, services=services))
    file = tmp_path / "nginx.conf"
    file.write_text(configuration_of(without, "nginx-8", [address]))
    with (tmp_path / "nginx.log").open("w") as output:
        process = subprocess.Popen(  # noqa: ASYNC220 # it only starts it
            [program("nginx"), "-e", "stderr", "-c", str(file)], stdout=output, stderr=output
        )
    edge = Edge(address, nginx.port)

    async def answers() -> None:
        try:
            await edge.ask(b"GET /robots.txt HTTP/1.1\r\n\r\n")
        except OSError as error:
            raise AssertionError(str(error)) from error

    try:
        await eventually(answers)
        yield edge
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait, 20)


@pytest.fixture
def standing_still(suite: Suite) -> Iterator[None]:
    """Accept connections at the gateway's address without ever replying."""
    where = (_away(suite), suite.plan.services["gateway"].port)
    with socket.create_server(where, backlog=64):
        yield


def _away(suite: Suite) -> str:
    return f"{suite.plan.network}.1.7"


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET /v1/me HTTP/1.1\r\nHost: y\r\n\r\n", 400),
        (b"GET /v1/me HTTP/1.1\r\nContent-Length: x\r\n\r\n", 400),
        (b"GET /v1/me HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", 400),
        (b"GET /nowhere HTTP/1.1\r\n\r\n", 404),
        (b"PUT /favicon.ico HTTP/1.1\r\nContent-Length: 0\r\n\r\n", 405),
        (b"POST /v1/posts HTTP/1.1\r\nContent-Length: 99000000000\r\n\r\n", 413),
        (b"GET /" + TOO_MUCH + b" HTTP/1.1\r\n\r\n", 414),
        (b"GET /v1/me HTTP/1.1\r\nX-Big: " + TOO_MUCH + b"\r\n\r\n", 431),
        (b"GET /v1/me HTTP/1.1\r\n\r\n", 502),
        (b"POST /v1/posts HTTP/1.1\r\nContent-Length: 0\r\n\r\n", 502),
    ],
)
async def test_a_page_that_may_use_the_api_can_read_each_refusal(
    edge: Edge, request_: bytes, status: int
) -> None:
    await _can_read(edge, request_, status)


async def _can_read(edge: Edge, request_: bytes, status: int) -> None:
    got, headers, body = await edge.ask(request_)
    assert got == status
    assert headers["content-type"] == "application/problem+json"
    assert headers["cache-control"] == "no-store"
    said = json.loads(body)
    assert (said["status"], said["request_id"]) == (status, headers["x-request-id"])
    # nginx has not read all headers of these requests, so it cannot know the origin.
    if status not in {400, 414, 431}:
        assert headers["access-control-allow-origin"] == ORIGIN
        assert {"Tus-Resumable", "X-Request-ID"} <= set(
            headers["access-control-expose-headers"].split(", ")
        )
        assert "Origin" in headers["vary"]


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"PATCH /v1/uploads/7 HTTP/1.1\r\nContent-Length: x\r\n\r\n", 400),
        (b"PATCH /v1/uploads/7 HTTP/1.1\r\nContent-Length: 99000000000\r\n\r\n", 413),
        (b"POST /v1/uploads HTTP/1.1\r\nContent-Length: 99000000000\r\n\r\n", 413),
        (b"PATCH /v1/uploads/7 HTTP/1.1\r\nX-Big: " + TOO_MUCH + b"\r\n\r\n", 431),
        (b"PATCH /v1/uploads/7 HTTP/1.1\r\nContent-Length: 0\r\n\r\n", 502),
        (b"POST /v1/uploads?a=b HTTP/1.1\r\nContent-Length: 0\r\n\r\n", 502),
        (b"DELETE http://x/v1/uploads/7 HTTP/1.1\r\n\r\n", 502),
        (b"OPTIONS /v1/uploads HTTP/1.1\r\n\r\n", 502),
    ],
)
async def test_a_refusal_names_the_protocol_of_resumable_uploads(
    edge: Edge, request_: bytes, status: int
) -> None:
    got, headers, _body = await edge.ask(request_)
    assert (got, headers["tus-resumable"]) == (status, "1.0.0")
    other = request_.replace(b"/v1/uploads", b"/v1/uploadsandmore")
    _got, headers, _body = await edge.ask(other)
    assert "tus-resumable" not in headers


@pytest.mark.parametrize(
    "request_",
    [
        b"GET /v1/me HTTP/1.1\r\n\r\n",
        b"POST /v1/posts HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
    ],
)
async def test_it_can_read_that_the_gateways_stand_still(
    standing_still: None, edge: Edge, request_: bytes
) -> None:
    await _can_read(edge, request_, 504)


@pytest.mark.parametrize("origin", [None, "https://other.example", "null"])
async def test_no_other_page_can_read_them(edge: Edge, origin: str | None) -> None:
    _status, headers, _body = await edge.ask(b"GET /nowhere HTTP/1.1\r\n\r\n", origin)
    assert "access-control-allow-origin" not in headers
    assert "Origin" in headers["vary"]


async def test_that_page_can_read_a_picture_which_shared_caches_keep_until_its_address_ends(
    suite: Suite, edge: Edge
) -> None:
    async with phone_of(suite.public_url, "alice") as alice:
        post = await alice.post()
    url = urlsplit(post["photos"][0]["renditions"][0]["url"])
    asked = f"GET {url.path}?{url.query} HTTP/1.1\r\n\r\n".encode()
    status, headers, _body = await edge.ask(asked)
    assert (status, headers["access-control-allow-origin"]) == (200, ORIGIN)
    left_s = int(parse_qs(url.query)["e"][0]) - time.time()
    assert "public" in headers["cache-control"]
    kept_s = int(headers["cache-control"].partition("max-age=")[2].partition(",")[0])
    assert 0 < kept_s <= left_s + 2
