"""Refreshing, devices and signing out."""

from typing import Any

import pytest

from shared.errors import NotFound, Unavailable
from tests.gateway.conftest import Gateway, all_ended
from tests.gateway.samples import ALICE, own_profile, signed_in

DEVICES = {
    "items": [
        {
            "id": session_id,
            "device": "phone",
            "created_at": "2026-01-02T03:04:05.678Z",
            "last_seen_at": "2026-01-03T03:04:05.678Z",
        }
        for session_id in (9001, 9002)
    ]
}


async def test_a_refresh_gives_the_next_pair_of_tokens(gateway: Gateway) -> None:
    session = signed_in(ALICE)["session"]
    gateway.users.answer("POST", "/sessions/refresh", {"session": session})
    reply = await gateway.anonymous.post("/v1/sessions/refresh", json={"refresh_token": "rtr_x"})
    assert reply.json() == {"session": {**session, "id": "9001"}}
    assert reply.headers["cache-control"] == "no-store"
    assert gateway.users.body_of("/sessions/refresh") == {"refresh_token": "rtr_x"}


@pytest.mark.parametrize("body", [{}, {"refresh_token": 7}, {"refresh_token": None}])
async def test_a_refresh_without_token_is_refused_by_the_gateway(
    gateway: Gateway, body: dict[str, Any]
) -> None:
    reply = await gateway.anonymous.post("/v1/sessions/refresh", json=body)
    assert reply.status_code == 422
    assert not gateway.users.requests


async def test_the_list_of_devices_marks_the_caller(gateway: Gateway) -> None:
    gateway.users.answer("GET", "/sessions", DEVICES)
    items = (await gateway.http.get("/v1/sessions")).json()["items"]
    assert [(item["id"], item["is_current"]) for item in items] == [("9001", True), ("9002", False)]


async def test_signing_out_ends_the_callers_session(gateway: Gateway) -> None:
    gateway.users.answer("DELETE", "/sessions/9001", None)
    reply = await gateway.http.delete("/v1/sessions/current")
    assert (reply.status_code, reply.content) == (204, b"")
    assert gateway.users.asked("/sessions/9001")


@pytest.mark.parametrize("path", ["current", "9002"])
async def test_after_a_sign_out_here_sessions_are_checked_again(
    gateway: Gateway, path: str
) -> None:
    gateway.users.answer("GET", "/me", own_profile(ALICE))
    gateway.users.answer("DELETE", "/sessions/9001", None)
    gateway.users.answer("DELETE", "/sessions/9002", None)
    await gateway.http.get("/v1/me")
    await gateway.http.delete(f"/v1/sessions/{path}")
    gateway.users.answer("POST", "/sessions/check", all_ended)
    assert (await gateway.http.get("/v1/me")).status_code == 401


async def test_a_sign_out_with_a_lost_reply_still_counts(gateway: Gateway) -> None:
    gateway.users.answer("DELETE", "/sessions/9001", Unavailable())
    reply = await gateway.http.delete("/v1/sessions/current")
    assert reply.status_code == 503
    gateway.users.answer("POST", "/sessions/check", all_ended)
    assert (await gateway.http.get("/v1/sessions")).status_code == 401


async def test_a_session_ended_elsewhere_gives_401(gateway: Gateway) -> None:
    gateway.users.answer("DELETE", "/sessions/9001", NotFound())
    assert (await gateway.http.delete("/v1/sessions/current")).status_code == 401


async def test_another_users_session_gives_404(gateway: Gateway) -> None:
    gateway.users.answer("DELETE", "/sessions/77", NotFound())
    assert (await gateway.http.delete("/v1/sessions/77")).status_code == 404
