"""No request hides in another: every one that reaches a gateway is in nginx's log."""

import asyncio
import contextlib
import re
import ssl
import uuid
from functools import partial

import httpx
import pytest

from tests.eventually import eventually
from tests.journeys.phone import Phone
from tests.journeys.smuggled_requests import smuggled_requests
from tests.suite import Suite
from tests.suite_logs import all_is_written

ANSWER_S_MAX = 1.0
ANSWER_BYTES_MAX = 65_536
VARIANTS = [name for name, _ in smuggled_requests(b"")]


def _hidden(marker: str) -> bytes:
    return f"GET /v1/users/by-username/{marker} HTTP/1.1\r\nHost: retrato.example\r\n\r\n".encode()


async def _send(suite: Suite, request: bytes) -> bytes:
    """The bytes received until the server closes, or for a moment."""
    nginx = suite.plan.nginx
    reader, writer = await asyncio.open_connection(nginx.replicas[0], nginx.port)
    received = b""
    try:
        writer.write(request)
        with contextlib.suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(ANSWER_S_MAX):
                while data := await reader.read(ANSWER_BYTES_MAX):
                    received += data
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
    return received


def _lines_with(suite: Suite, service: str, marker: str) -> int:
    logs = (suite.log_of(name) for name in suite.process_names(service))
    return sum(log.count(marker) for log in logs)


def test_there_are_sixty_hidden_requests() -> None:
    assert len(set(VARIANTS)) >= 60


async def test_no_hidden_request_reaches_a_gateway_unseen_or_twice(
    suite: Suite, alice: Phone, bob: Phone
) -> None:
    markers = {name: f"smuggled_{uuid.uuid4().hex[:12]}" for name in VARIANTS}
    requests = [dict(smuggled_requests(_hidden(markers[name])))[name] for name in VARIANTS]
    replies = await asyncio.gather(*(_send(suite, request) for request in requests))
    for name, reply in zip(VARIANTS, replies, strict=True):
        assert b"HTTP/1.1 200" not in reply, name
        assert b"HTTP/1.1 500" not in reply, name
    # Later requests on nginx's connections to the gateways get their own replies.
    for _ in range(20):
        for phone in (alice, bob):
            assert (await phone.get("/v1/me"))["id"] == phone.id
    await all_is_written(suite)
    for name, marker in markers.items():
        await eventually(partial(_assert_seen_once, suite, marker, name))


def _assert_seen_once(suite: Suite, marker: str, name: str) -> None:
    # A balancer writes its line a moment after the gateway's.
    seen, passed = _lines_with(suite, "nginx", marker), _lines_with(suite, "gateway", marker)
    assert passed <= seen <= 1, name


def _trust(suite: Suite) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(suite.ca_file))


@pytest.mark.parametrize("service", ["users", "upload", "feed"])
async def test_no_operation_of_a_service_is_open_without_a_token(
    suite: Suite, service: str
) -> None:
    replica = suite.process(f"{service}-1")
    url = f"https://{replica.address}:{replica.port}"
    async with httpx.AsyncClient(base_url=url, verify=_trust(suite), timeout=10) as http:
        document = (await http.get("/openapi.json", headers=suite.operator_headers)).json()
        for path, methods in document["paths"].items():
            for method in methods:
                address = re.sub(r"{[^}]*}", "1", path)
                for headers in ({}, {"Authorization": "Bearer e30.e30.e30"}, {"X-User-Id": "1"}):
                    reply = await http.request(method, address, headers=headers)
                    assert reply.status_code in {401, 403}, f"{method} {path}"
