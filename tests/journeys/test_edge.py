"""What nginx and the gateway do with requests outside the API."""

import asyncio
import ssl

import httpx
import pytest

from tests.eventually import eventually
from tests.journeys.phone import Phone
from tests.suite import Suite
from tests.suite_logs import all_is_written

PYTHON_PROCESSES = ("gateway-1", "gateway-2")


async def test_the_favicon_never_reaches_python(stranger: httpx.AsyncClient, suite: Suite) -> None:
    for _ in range(1000):
        reply = await stranger.get("/favicon.ico")
        assert reply.status_code == 200
    assert "immutable" in reply.headers["cache-control"]
    await all_is_written(suite)
    for process in PYTHON_PROCESSES:
        assert "favicon" not in suite.log_of(process)


@pytest.mark.parametrize("path", ["/robots.txt", "/apple-touch-icon.png"])
async def test_files_that_browsers_request_by_themselves_are_served(
    stranger: httpx.AsyncClient, path: str
) -> None:
    assert (await stranger.get(path)).status_code == 200


@pytest.mark.parametrize("path", ["/live", "/ready", "/metrics"])
async def test_internal_routes_of_a_process_are_not_public(
    stranger: httpx.AsyncClient, path: str
) -> None:
    assert (await stranger.get(path)).status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/v1/nowhere", 404),
        ("GET", "/v1/users/abc", 404),
        ("PATCH", "/v1/timelines/home", 405),
        ("GET", "/v1/me", 401),
    ],
)
async def test_every_refusal_is_a_problem(
    stranger: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    reply = await stranger.request(method, path)
    problem = reply.json()
    assert reply.status_code == status == problem["status"]
    assert reply.headers["content-type"] == "application/problem+json"
    assert problem["error"] == problem["title"]
    assert problem["request_id"] == reply.headers["x-request-id"]
    assert problem.keys() >= {"type", "title", "status", "detail", "code", "request_id", "error"}


async def test_a_large_json_body_is_refused_as_a_problem(stranger: httpx.AsyncClient) -> None:
    reply = await stranger.post(
        "/v1/users", content=b" " * 2_000_000, headers={"Content-Type": "application/json"}
    )
    assert (reply.status_code, reply.json()["code"]) == (413, "too_large")


async def test_the_request_id_is_ours_and_not_the_clients(stranger: httpx.AsyncClient) -> None:
    reply = await stranger.get("/v1/me", headers={"X-Request-ID": "chosen-by-the-client"})
    assert reply.headers.get_list("x-request-id") != ["chosen-by-the-client"]
    assert len(reply.headers.get_list("x-request-id")) == 1


async def test_a_request_is_found_in_the_log_of_every_process_it_passed(
    alice: Phone, suite: Suite
) -> None:
    reply = await alice.http.get(f"/v1/users/{alice.id}/posts")
    request_id = reply.headers["x-request-id"]

    def is_found() -> None:
        for service in ("gateway", "users", "feed"):
            logs = [suite.log_of(name) for name in suite.process_names(service)]
            assert any(request_id in log for log in logs), service

    await eventually(is_found)


@pytest.mark.parametrize(
    "headers",
    [
        {"X-User-Id": "{bob}"},
        {"X-Viewer-Id": "{bob}"},
        {"X-Forwarded-User": "{bob}"},
        {"X-Timeout-Ms": "1"},
        {"X-Sent-At-Ms": "1"},
    ],
)
async def test_no_header_changes_the_callers_identity(
    alice: Phone, bob: Phone, headers: dict[str, str]
) -> None:
    spoofed = {name: value.format(bob=bob.id) for name, value in headers.items()}
    reply = await alice.http.get("/v1/me", headers=spoofed)
    assert (reply.status_code, reply.json()["id"]) == (200, alice.id)


async def test_both_balancers_serve_the_same_session(alice: Phone, suite: Suite) -> None:
    for url in suite.public_urls:
        reply = await alice.http.get(f"{url}/v1/me")
        assert (reply.status_code, reply.json()["id"]) == (200, alice.id)


@pytest.mark.parametrize("page", ["/docs", "/docs/users", "/docs/upload", "/docs/feed"])
async def test_the_pages_of_documents_need_no_outside_network(
    stranger: httpx.AsyncClient, suite: Suite, page: str
) -> None:
    if page != "/docs":
        stranger.headers.update(suite.operator_headers)
    reply = await stranger.get(page)
    assert reply.status_code == 200
    assert "//cdn" not in reply.text
    assert "https://" not in reply.text
    document = await stranger.get(f"{page}/openapi.json")
    assert document.json()["openapi"].startswith("3.1")
    for asset in ("swagger-ui-bundle.js", "swagger-ui.css"):
        assert (await stranger.get(f"{page}/assets/{asset}")).status_code == 200


async def test_the_public_document_is_at_its_address(stranger: httpx.AsyncClient) -> None:
    document = (await stranger.get("/v1/openapi.json")).json()
    assert "/v1/timelines/home" in document["paths"]


async def test_tls_with_http2_works_beside_plain_http(suite: Suite) -> None:
    nginx = suite.plan.nginx
    tls = ssl.create_default_context(cafile=str(suite.ca_file))
    tls.set_alpn_protocols(["h2", "http/1.1"])
    _, writer = await asyncio.open_connection(nginx.replicas[0], nginx.tls_port, ssl=tls)
    assert writer.get_extra_info("ssl_object").selected_alpn_protocol() == "h2"
    writer.close()


async def test_hsts_is_sent_over_tls_only(suite: Suite) -> None:
    nginx = suite.plan.nginx
    tls = ssl.create_default_context(cafile=str(suite.ca_file))
    async with httpx.AsyncClient(verify=tls) as http:
        over_tls = await http.get(f"https://{nginx.replicas[0]}:{nginx.tls_port}/v1/me")
        plain = await http.get(f"http://{nginx.replicas[0]}:{nginx.port}/v1/me")
    assert (over_tls.status_code, plain.status_code) == (401, 401)
    assert "max-age" in over_tls.headers["strict-transport-security"]
    assert "strict-transport-security" not in plain.headers


async def test_json_is_compressed_for_clients_that_accept_it(stranger: httpx.AsyncClient) -> None:
    packed = await stranger.get("/v1/openapi.json", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    plain = await stranger.get("/v1/openapi.json", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert packed.json() == plain.json()


async def test_impossible_paths_never_reach_a_process(
    stranger: httpx.AsyncClient, suite: Suite
) -> None:
    for number in range(100):
        reply = await stranger.get(f"/wp-admin-{number}/setup.php")
        assert (reply.status_code, reply.json()["code"]) == (404, "not_found")
    await all_is_written(suite)
    for process in PYTHON_PROCESSES:
        assert "wp-admin" not in suite.log_of(process)
