"""What nginx does by itself: icons, refusals, request ids, retries after a dead replica."""

import asyncio
import hashlib
import json
import signal
import ssl
import time
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.eventually import eventually
from tests.suite import Suite


@pytest.fixture
async def client(suite: Suite) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=suite.public_url, timeout=10) as client:
        yield client


async def test_an_icon_is_answered_and_leaves_no_trace(
    suite: Suite, client: httpx.AsyncClient
) -> None:
    names = ["nginx-1", *(n for s in suite.plan.services for n in suite.process_names(s))]
    for path in ("/favicon.ico", "/apple-touch-icon.png", "/apple-touch-icon-120x120.png"):
        reply = await client.get(path)
        assert reply.status_code == 200
        assert "immutable" in reply.headers["Cache-Control"]
    # A later request that is logged shows that earlier lines would be there by now.
    mark = (await client.get("/v1/nothing")).headers["X-Request-ID"]
    await eventually(lambda: _assert_in(mark, suite.log_of("nginx-1")))
    assert not [name for name in names if "icon" in suite.log_of(name)]


async def test_robots_are_told_to_stay_away(client: httpx.AsyncClient) -> None:
    reply = await client.get("/robots.txt")
    assert (reply.status_code, reply.text) == (200, "User-agent: *\nDisallow: /\n")


@pytest.mark.parametrize("path", ["/live", "/ready", "/metrics"])
async def test_what_processes_say_of_themselves_stays_inside(
    client: httpx.AsyncClient, path: str
) -> None:
    reply = await client.get(path)
    assert reply.status_code == 404
    assert reply.json()["code"] == "not_found"


async def test_the_request_id_is_given_here_and_followed_through(
    suite: Suite, client: httpx.AsyncClient
) -> None:
    reply = await client.get("/v1/me", headers={"X-Request-ID": "chosen-by-an-outsider"})
    assert reply.status_code == 401
    request_id = reply.headers["X-Request-ID"]
    assert request_id != "chosen-by-an-outsider"
    assert reply.json()["request_id"] == request_id
    gateways = suite.process_names("gateway")
    await eventually(lambda: _assert_in(request_id, "".join(map(suite.log_of, gateways))))


async def test_a_body_that_is_too_large_is_refused_in_our_own_words(
    client: httpx.AsyncClient,
) -> None:
    reply = await client.post("/v1/sessions", content=b"x" * 1_100_000)
    assert reply.status_code == 413
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert reply.json()["code"] == "too_large"


async def test_every_log_line_of_the_edge_is_json_without_the_query(
    suite: Suite, client: httpx.AsyncClient
) -> None:
    mark = (await client.get("/v1/nothing?secret=1")).headers["X-Request-ID"]
    await eventually(lambda: _assert_in(mark, suite.log_of("nginx-1")))
    line = next(line for line in suite.log_of("nginx-1").splitlines() if mark in line)
    assert json.loads(line)["path"] == "/v1/nothing"
    assert "secret" not in line


def _signed(suite: Suite, path: str, *, expires_s: int) -> str:
    key = suite.env("gateway")["GATEWAY_MEDIA_SIGNING_KEY"]
    digest = hashlib.md5(f"{expires_s}{path} {key}".encode(), usedforsecurity=False).digest()
    signature = urlsafe_b64encode(digest).rstrip(b"=").decode()
    return f"{path}?e={expires_s}&s={signature}&k={hashlib.sha256(key.encode()).hexdigest()[:8]}"


async def test_a_photo_needs_a_signature_that_has_not_ended(
    suite: Suite, client: httpx.AsyncClient
) -> None:
    path = "/media/renditions/1/large-0123456789abcdef.jpg"
    now_s = int(time.time())
    valid = _signed(suite, path, expires_s=now_s + 300)
    ended = _signed(suite, path, expires_s=now_s - 1)
    assert (await client.get(path)).status_code == 403
    assert (await client.get(valid.replace("large", "small"))).status_code == 403
    assert (await client.get(ended)).status_code == 410
    # With a valid signature nginx asks upload, which replies that there is no such photo.
    assert (await client.get(valid)).status_code == 404
    assert (await client.post(valid)).status_code == 405


async def test_over_tls_the_same_is_served_with_our_certificate(suite: Suite) -> None:
    nginx = suite.plan.nginx
    tls = ssl.create_default_context(cafile=str(suite.ca_file))
    async with httpx.AsyncClient(verify=tls) as client:
        reply = await client.get(f"https://{nginx.replicas[0]}:{nginx.tls_port}/robots.txt")
    assert reply.status_code == 200


@pytest.mark.parametrize("path", ["/media/filters/", "/media/filters/%0Aa.jpg", "/docs/feed/%0Aa"])
async def test_an_address_that_no_service_has_is_not_passed_on(
    client: httpx.AsyncClient, path: str
) -> None:
    """A service would refuse it in words that are meant for other services."""
    reply = await client.get(path)
    assert (reply.status_code, reply.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("service", ["users", "upload", "feed"])
async def test_each_service_shows_operators_its_page_with_all_its_parts(
    client: httpx.AsyncClient, suite: Suite, service: str
) -> None:
    client.headers.update(suite.operator_headers)
    page = await client.get(f"/docs/{service}")
    assert page.status_code == 200
    assert "https://" not in page.text
    assert (await client.get(f"/docs/{service}/openapi.json")).json()["openapi"]
    assert (await client.get(f"/docs/{service}/assets/swagger-ui.css")).status_code == 200


@pytest.mark.parametrize("service", ["users", "upload", "feed"])
async def test_nobody_else_sees_the_page_of_a_service(
    client: httpx.AsyncClient, service: str
) -> None:
    for page in ("", "/", "/openapi.json", "/assets/swagger-ui.css"):
        reply = await client.get(f"/docs/{service}{page}")
        assert reply.status_code == 401
        assert "Basic" in reply.headers["WWW-Authenticate"]


async def test_no_process_shows_metrics_or_documents_without_the_token(suite: Suite) -> None:
    names = [process.name for process in suite.plan.processes if process.module]
    assert {"gateway-1", "feed-worker-1", "backup-keeper"} <= set(names)
    for name in names:
        assert (await suite.ask(name, "/metrics")).status_code == 401, name
        wrong = await suite.ask(name, "/metrics", {"Authorization": f"Bearer {'0' * 64}"})
        assert wrong.status_code == 401, name
        assert "retrato_" in await suite.metrics(name)
        document = await suite.ask(name, "/openapi.json")
        assert document.status_code == (200 if name.startswith("gateway") else 401), name


async def test_a_replica_that_hangs_leaves_its_name_until_it_answers_again(suite: Suite) -> None:
    address = suite.process("users-1").address

    async def gone() -> None:
        assert address not in await suite.addresses("users.internal")

    async def back() -> None:
        assert address in await suite.addresses("users.internal")

    suite.kill("users-1", signal.SIGSTOP)
    try:
        await eventually(gone)
    finally:
        suite.kill("users-1", signal.SIGCONT)
    await eventually(back)


async def test_requests_do_not_notice_that_a_gateway_is_killed(
    suite: Suite, client: httpx.AsyncClient
) -> None:
    suite.kill("gateway-1")
    replies = await asyncio.gather(*(client.get("/v1/me") for _ in range(50)))
    assert {reply.status_code for reply in replies} == {401}
    await suite.start("gateway-1")


async def test_reads_are_asked_of_another_gateway_where_one_stands_still(
    suite: Suite, client: httpx.AsyncClient
) -> None:
    async def is_answered() -> None:
        replies = await asyncio.gather(*(client.get("/v1/me") for _ in range(20)))
        assert {reply.status_code for reply in replies} == {401}

    # Kept connections are open already, so only the reply is missing.
    await is_answered()
    suite.kill("gateway-1", signal.SIGSTOP)
    try:
        await is_answered()
    finally:
        suite.kill("gateway-1", signal.SIGCONT)
    await eventually(is_answered)


def _assert_in(part: str, text: str) -> None:
    assert part in text
