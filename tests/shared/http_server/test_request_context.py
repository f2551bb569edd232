"""Every request has an id, an access line, metrics and a deadline."""

import logging
import time

import httpx
import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from shared.http_server.request_context import Deadlines
from shared.http_server.service_app import AppInfo
from shared.network.internal_tokens import TokenSigner
from tests.shared.conftest import calling
from tests.shared.replica_app import ReplicaSettings, replica_app
from tests.shared.replica_process import AS_OPERATOR, KEYS

SIGNER = TokenSigner(key=KEYS["users"], audience="users", caller="gateway-1")


def signed() -> dict[str, str]:
    return {"Authorization": f"Bearer {SIGNER.token(42)}"}


async def test_the_callers_request_id_is_kept(http: httpx.AsyncClient) -> None:
    reply = await http.get("/who", headers={**signed(), "X-Request-ID": "request-0001"})
    assert reply.headers["x-request-id"] == "request-0001"


@pytest.mark.parametrize("given", ["", "short", "x" * 65, "with blank inside", 'a"quote-12345'])
async def test_an_unfit_request_id_is_replaced(http: httpx.AsyncClient, given: str) -> None:
    reply = await http.get("/who", headers={**signed(), "X-Request-ID": given})
    assert reply.headers["x-request-id"] != given
    assert len(reply.headers["x-request-id"]) == 32


async def test_a_refused_request_has_an_id_too(http: httpx.AsyncClient) -> None:
    reply = await http.get("/who")
    assert reply.json()["request_id"] == reply.headers["x-request-id"]


async def test_each_request_writes_one_line_with_its_route(http: httpx.AsyncClient) -> None:
    with capture_logs() as lines:
        await http.get("/private/7", headers=signed())
    (line,) = [line for line in lines if line["event"] == "request"]
    assert line["route"] == "/private/{item_id}"
    assert (line["path"], line["method"], line["status"]) == ("/private/7", "GET", 200)
    assert line["viewer_id"] == 42
    assert line["ms"] >= 0


async def test_probes_write_no_line(http: httpx.AsyncClient) -> None:
    with capture_logs() as lines:
        for path in ("/live", "/ready", "/metrics"):
            await http.get(path, headers=AS_OPERATOR)
    assert not lines


async def test_unknown_paths_are_counted_as_one(http: httpx.AsyncClient) -> None:
    labels = {"route": "unmatched", "method": "GET", "status": "404"}
    before = REGISTRY.get_sample_value("retrato_http_requests_total", labels) or 0
    for number in range(3):
        await http.get(f"/nowhere/{number}", headers=signed())
    assert REGISTRY.get_sample_value("retrato_http_requests_total", labels) == before + 3


async def test_invented_methods_are_counted_as_one(http: httpx.AsyncClient) -> None:
    labels = {"route": "/who", "method": "other", "status": "405"}
    before = REGISTRY.get_sample_value("retrato_http_requests_total", labels) or 0
    series = _series()
    for number in range(50):
        await http.request(f"METHOD{number}", "/who", headers=signed())
    assert REGISTRY.get_sample_value("retrato_http_requests_total", labels) == before + 50
    assert _series() - series < 50


def _series() -> int:
    return sum(len(family.samples) for family in REGISTRY.collect())


async def test_a_caller_inside_may_allow_less_time_but_not_more(http: httpx.AsyncClient) -> None:
    for given, at_most in (("300", 300), ("60000", 2_000), ("nonsense", 2_000), ("-5", 2_000)):
        reply = await http.get("/who", headers={**signed(), "X-Timeout-Ms": given})
        assert 0 < reply.json()["remaining_ms"] <= at_most


async def test_time_that_passed_on_the_way_is_not_given_again(http: httpx.AsyncClient) -> None:
    for lain_ms, at_most_ms in ((0, 2_000), (1_000, 1_010), (3_000, 0)):
        sent = {"X-Sent-At-Ms": str(int(time.time() * 1000) - lain_ms)}
        reply = await http.get("/who", headers={**signed(), **sent})
        if at_most_ms:
            assert 0 < reply.json()["remaining_ms"] <= at_most_ms
        else:
            assert (reply.status_code, reply.json()["code"]) == (504, "deadline_exceeded")


async def test_a_route_may_be_given_more_time() -> None:
    deadlines = Deadlines(by_route={"POST /photos": 35_000})
    assert deadlines.limit_ms("POST", "/photos") == 35_000
    assert deadlines.limit_ms("GET", "/photos") == 2_000
    assert deadlines.limit_ms("POST", "/posts") == 10_000


async def test_the_world_outside_sets_no_deadline(settings: ReplicaSettings) -> None:
    info = AppInfo(name="gateway", title="Retrato", description="", audience=None)
    async with calling(replica_app(settings, info)) as caller:
        reply = await caller.get(
            "/who", headers={"X-Timeout-Ms": "1", "X-Sent-At-Ms": "1", "X-Viewer-Id": "42"}
        )
    assert reply.json()["remaining_ms"] > 1_000
    assert reply.json()["viewer_id"] is None


def test_the_library_loggers_are_left_alone_by_an_application_in_a_test() -> None:
    assert not any(type(h).__module__.startswith("shared") for h in logging.getLogger().handlers)
