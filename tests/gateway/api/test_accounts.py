"""Sign-up, sign-in and the viewer's own profile."""

from typing import Any

import pytest

from shared.errors import AppError, Conflict, FieldError, Invalid, Unavailable
from shared.faults import fault
from tests.gateway.conftest import BALANCER_TOKEN, Gateway
from tests.gateway.samples import ALICE, own_profile, signed_in

ACCOUNT = {
    "username": "alice",
    "email": "alice@mail.example",
    "password": "correct horse",
    "device": "phone",
}


class UsernameTaken(Conflict):
    code = "username_taken"


def posts_of_alice(gateway: Gateway, answer: Any) -> None:
    gateway.feed.answer("POST", "/post-counts", answer)


async def test_signing_up_gives_the_account_and_its_session(gateway: Gateway) -> None:
    gateway.users.answer("POST", "/users", signed_in(ALICE), status=201)
    reply = await gateway.anonymous.post("/v1/users", json=ACCOUNT)
    assert reply.status_code == 201
    assert reply.json()["user"]["id"] == str(ALICE)
    assert reply.json()["user"]["counts"]["posts"] == 0
    assert reply.json()["session"]["access_token"] == "rta_x"
    assert reply.headers["cache-control"] == "no-store"
    assert gateway.users.body_of("/users") == {**ACCOUNT, "language": "en"}


async def test_the_clients_idempotency_key_is_passed_on(gateway: Gateway) -> None:
    gateway.users.answer("POST", "/users", signed_in(ALICE), status=201)
    await gateway.anonymous.post(
        "/v1/users", json=ACCOUNT, headers={"Idempotency-Key": "of the phone"}
    )
    (asked,) = gateway.users.asked("/users")
    assert asked.headers["idempotency-key"] == "of the phone"


async def test_a_request_without_key_gets_a_new_one(gateway: Gateway) -> None:
    gateway.users.answer("POST", "/users", signed_in(ALICE), status=201)
    for _ in range(2):
        await gateway.anonymous.post("/v1/users", json=ACCOUNT)
    keys = {asked.headers["idempotency-key"] for asked in gateway.users.asked("/users")}
    assert len(keys) == 2


@pytest.mark.parametrize("key", [b"", b"x" * 256, b"caf\xe9"])
async def test_an_unusable_key_is_refused(gateway: Gateway, key: bytes) -> None:
    reply = await gateway.anonymous.post(
        "/v1/users", json=ACCOUNT, headers={b"Idempotency-Key": key}
    )
    assert (reply.status_code, reply.json()["code"]) == (422, "invalid")
    assert not gateway.users.requests


@pytest.mark.parametrize(
    "error",
    [
        UsernameTaken("This username is taken."),
        Invalid(errors=[FieldError("password", fault("too_short", min=8))]),
        Unavailable(retry_after_s=2),
    ],
    ids=["taken", "invalid", "unavailable"],
)
async def test_the_refusal_of_users_is_passed_on_unchanged(
    gateway: Gateway, error: AppError
) -> None:
    gateway.users.answer("POST", "/users", error)
    reply = await gateway.anonymous.post("/v1/users", json=ACCOUNT)
    body = reply.json()
    assert reply.headers["content-type"] == "application/problem+json"
    assert (reply.status_code, body["code"]) == (error.status, error.code)
    assert (body["detail"], body["error"]) == (error.detail, body["title"])
    assert [(e["field"], e["code"], e["message"]) for e in body.get("errors", [])] == [
        (e.field, e.fault.code, e.fault.sentence("en")) for e in error.errors
    ]
    assert reply.headers.get("retry-after") == error.headers().get("Retry-After")


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b'{"username": ', 400, "bad_request"),
        (b"[]", 422, "invalid"),
        (b'{"username": 7, "email": "a@b.c", "password": "12345678"}', 422, "invalid"),
        (b"{}", 422, "invalid"),
        (b'{"username": "\\ud800", "email": "a@b.c", "password": "12345678"}', 422, "invalid"),
    ],
)
async def test_a_malformed_body_is_refused_by_the_gateway(
    gateway: Gateway, content: bytes, status: int, code: str
) -> None:
    reply = await gateway.anonymous.post(
        "/v1/users", content=content, headers={"Content-Type": "application/json"}
    )
    assert (reply.status_code, reply.json()["code"]) == (status, code)
    assert not gateway.users.requests


async def test_rejected_fields_keep_the_clients_names(gateway: Gateway) -> None:
    reply = await gateway.anonymous.post("/v1/users", json={**ACCOUNT, "username": 7})
    assert [field["field"] for field in reply.json()["errors"]] == ["username"]


async def test_sign_in_returns_the_number_of_posts(gateway: Gateway) -> None:
    gateway.users.answer("POST", "/sessions", signed_in(ALICE), status=201)
    posts_of_alice(gateway, {"counts": {str(ALICE): 5}})
    reply = await gateway.anonymous.post(
        "/v1/sessions", json={"login": "alice", "password": "correct horse"}
    )
    assert reply.status_code == 201
    assert reply.json()["user"]["counts"]["posts"] == 5


@pytest.mark.parametrize(
    ("token", "believed"),
    [(BALANCER_TOKEN, "203.0.113.7"), ("made up by a client", "127.0.0.1"), (None, "127.0.0.1")],
)
async def test_users_receives_the_address_given_by_a_balancer(
    gateway: Gateway, token: str | None, believed: str
) -> None:
    gateway.users.answer("POST", "/sessions", signed_in(ALICE), status=201)
    posts_of_alice(gateway, {"counts": {}})
    credentials = {"login": "alice", "password": "correct horse"}
    headers = {"X-Forwarded-For": "203.0.113.7"}
    if token is not None:
        headers["X-Balancer-Token"] = token
    await gateway.anonymous.post("/v1/sessions", json=credentials, headers=headers)
    assert gateway.users.body_of("/sessions")["address"] == believed


async def test_sign_in_works_while_feed_is_down(gateway: Gateway) -> None:
    gateway.users.answer("POST", "/sessions", signed_in(ALICE), status=201)
    posts_of_alice(gateway, Unavailable())
    reply = await gateway.anonymous.post(
        "/v1/sessions", json={"login": "alice", "password": "correct horse"}
    )
    assert (reply.status_code, reply.json()["user"]["counts"]["posts"]) == (201, None)


async def test_the_own_profile_has_the_email_address(gateway: Gateway) -> None:
    gateway.users.answer("GET", "/me", own_profile(ALICE))
    posts_of_alice(gateway, {"counts": {}})
    reply = await gateway.http.get("/v1/me")
    assert reply.json()["email"] == "alice@mail.example"
    assert reply.json()["counts"]["posts"] == 0


async def test_only_the_given_fields_of_a_profile_change(gateway: Gateway) -> None:
    gateway.users.answer("PATCH", "/me", own_profile(ALICE))
    posts_of_alice(gateway, {"counts": {str(ALICE): 5}})
    reply = await gateway.http.patch("/v1/me", json={"bio": "", "is_private": True})
    assert gateway.users.body_of("/me") == {"bio": "", "is_private": True}
    assert reply.status_code == 200
    assert (reply.json()["email"], reply.json()["counts"]["posts"]) == ("alice@mail.example", 5)


@pytest.mark.parametrize(("chosen", "inside"), [("77", 77), (None, None)])
async def test_an_avatar_id_is_a_number_internally_and_can_be_removed(
    gateway: Gateway, chosen: str | None, inside: int | None
) -> None:
    gateway.users.answer("PATCH", "/me", own_profile(ALICE))
    posts_of_alice(gateway, {"counts": {}})
    reply = await gateway.http.patch("/v1/me", json={"avatar_photo_id": chosen})
    assert gateway.users.body_of("/me") == {"avatar_photo_id": inside}
    assert reply.json()["avatar"].startswith("http://photos.example/media/")


@pytest.mark.parametrize(
    "body",
    [
        {"email": "x@y.z"},
        {"bio": None},
        {"is_private": "perhaps"},
        {"avatar_photo_id": 77},
        {"avatar_photo_id": "x"},
    ],
)
async def test_unknown_fields_are_refused_by_the_gateway(
    gateway: Gateway, body: dict[str, Any]
) -> None:
    reply = await gateway.http.patch("/v1/me", json=body)
    assert reply.status_code == 422
    assert [error["field"] for error in reply.json()["errors"]] == list(body)
    assert not gateway.users.asked("/me")


async def test_a_new_password_keeps_the_callers_session(gateway: Gateway) -> None:
    gateway.users.answer("PUT", "/me/password", None)
    passwords = {"current_password": "correct horse", "new_password": "staple battery"}
    reply = await gateway.http.put("/v1/me/password", json=passwords)
    assert reply.status_code == 204
    assert gateway.users.body_of("/me/password") == {**passwords, "session_id": 9001}


async def test_after_a_new_password_sessions_are_checked_again(gateway: Gateway) -> None:
    gateway.users.answer("PUT", "/me/password", None)
    passwords = {"current_password": "correct horse", "new_password": "staple battery"}
    await gateway.http.put("/v1/me/password", json=passwords)
    assert len(gateway.users.asked("/sessions/check")) == 1
    gateway.users.answer("GET", "/me", own_profile(ALICE))
    await gateway.http.get("/v1/me")
    assert len(gateway.users.asked("/sessions/check")) == 2
