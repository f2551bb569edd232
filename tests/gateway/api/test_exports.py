"""The copy of an account: its address is signed and exists only with a copy."""

from typing import Any

import pytest

from shared.errors import NotFound
from tests.gateway.conftest import Gateway

KEY = "archives/503785553477557248.zip"
PENDING: dict[str, Any] = {
    "id": 503785553477557248,
    "state": "pending",
    "requested_at": "2026-05-04T09:30:00.000Z",
    "ready_at": None,
    "expires_at": None,
    "key": None,
    "bytes": None,
}


async def test_a_requested_copy_has_no_address_yet(gateway: Gateway) -> None:
    gateway.users.answer("POST", "/me/export", PENDING, status=202)
    password = {"password": "correct horse"}
    reply = await gateway.http.post("/v1/me/export", json=password)
    assert reply.status_code == 202
    assert gateway.users.body_of("/me/export") == password
    export = reply.json()["export"]
    assert (export["id"], export["url"]) == ("503785553477557248", None)


async def test_a_copy_needs_the_password(gateway: Gateway) -> None:
    for content in (b"", b"{}"):
        assert (
            await gateway.http.post(
                "/v1/me/export", content=content, headers={"Content-Type": "application/json"}
            )
        ).status_code == 422
    assert not gateway.users.asked("/me/export")


async def test_a_copy_that_is_ready_has_a_signed_address(gateway: Gateway) -> None:
    gateway.users.answer("GET", "/me/export", {**PENDING, "state": "ready", "key": KEY})
    url = (await gateway.http.get("/v1/me/export")).json()["export"]["url"]
    assert url.startswith(f"http://photos.example/media/{KEY}?e=")


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_copy_needs_a_session(gateway: Gateway, method: str) -> None:
    assert (await gateway.anonymous.request(method, "/v1/me/export")).status_code == 401


async def test_an_account_without_a_request_gets_404(gateway: Gateway) -> None:
    gateway.users.answer("GET", "/me/export", NotFound())
    assert (await gateway.http.get("/v1/me/export")).status_code == 404
