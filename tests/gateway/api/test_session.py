"""Authentication of requests."""

import httpx
import pytest

from shared.errors import Unavailable
from tests.gateway.conftest import Gateway, all_ended
from tests.gateway.samples import ALICE, own_profile


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer ", "Basic YWxpY2U6eA==", f"Bearer {'x' * 600}"],
)
async def test_a_request_without_token_costs_no_call(
    gateway: Gateway, authorization: str | None
) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    reply = await gateway.anonymous.get("/v1/me", headers=headers)
    assert reply.status_code == 401
    assert reply.json()["code"] == "unauthenticated"
    assert reply.headers["www-authenticate"] == "Bearer"
    assert not gateway.users.requests


async def test_a_token_refused_by_users_gives_401(gateway: Gateway) -> None:
    gateway.users.answer("POST", "/sessions/check", all_ended)
    reply = await gateway.http.get("/v1/me")
    assert (reply.status_code, reply.json()["code"]) == (401, "session_ended")


async def test_when_sessions_cannot_be_checked_nobody_is_signed_out(gateway: Gateway) -> None:
    gateway.users.answer("POST", "/sessions/check", Unavailable(retry_after_s=1))
    reply = await gateway.http.get("/v1/me")
    assert reply.status_code == 503
    assert reply.headers["retry-after"] == "1"


async def test_a_token_that_cannot_be_looked_up_signs_nobody_out(gateway: Gateway) -> None:
    unknown = {"answers": [{"state": "unknown", "session": None}]}
    gateway.users.answer("POST", "/sessions/check", unknown)
    assert (await gateway.http.get("/v1/me")).status_code == 503


async def test_the_token_itself_is_what_users_checks(gateway: Gateway) -> None:
    gateway.users.answer("GET", "/me", own_profile(ALICE))
    await gateway.http.get("/v1/me")
    await gateway.http.get("/v1/me")
    assert gateway.users.body_of("/sessions/check") == {"access_tokens": ["rta_alice"]}


@pytest.mark.parametrize("name", ["X-User-Id", "X-Viewer-Id", "X-Timeout-Ms", "X-Forwarded-User"])
async def test_no_header_from_outside_identifies_the_caller(gateway: Gateway, name: str) -> None:
    reply = await gateway.anonymous.get("/v1/me", headers={name: "1001"})
    assert reply.status_code == 401


async def test_the_identity_header_of_a_client_never_reaches_a_service(gateway: Gateway) -> None:
    gateway.users.answer("GET", "/me", own_profile(ALICE))
    await gateway.http.get("/v1/me", headers={"X-User-Id": "1", "Cookie": "a=b"})
    (asked,) = gateway.users.asked("/me")
    assert not {"x-user-id", "cookie"} & {name.lower() for name in asked.headers}
    assert asked.headers["authorization"] != "Bearer rta_alice"


async def test_every_reply_names_its_request(gateway: Gateway) -> None:
    replies: list[httpx.Response] = [
        await gateway.anonymous.get("/v1/me"),
        await gateway.anonymous.get("/nowhere"),
        await gateway.anonymous.get("/v1/openapi.json"),
    ]
    ids = [reply.headers["x-request-id"] for reply in replies]
    assert len(set(ids)) == 3
    assert replies[0].json()["request_id"] == ids[0]
