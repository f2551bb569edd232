"""Every failure becomes a problem with all its fields."""

from collections.abc import Iterator
from inspect import signature
from typing import Any

import httpx
import pytest

from shared.errors import AppError
from shared.http_server.problems import ProblemReply
from shared.network.internal_tokens import TokenSigner
from tests.shared.replica_process import KEYS


@pytest.fixture
def signed() -> dict[str, str]:
    signer = TokenSigner(key=KEYS["users"], audience="users", caller="gateway-1")
    return {"Authorization": f"Bearer {signer.token(42)}", "X-Request-ID": "request-0001"}


async def test_a_problem_has_all_its_fields(
    http: httpx.AsyncClient, signed: dict[str, str]
) -> None:
    reply = await http.get("/fail/UsernameTaken", headers=signed)
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.status_code == 409
    assert reply.json() == {
        "type": "urn:retrato:problem:username_taken",
        "title": "This username is taken.",
        "status": 409,
        "detail": "alice is taken.",
        "code": "username_taken",
        "request_id": "request-0001",
        "error": "This username is taken.",
    }


async def test_rejected_fields_are_named(http: httpx.AsyncClient, signed: dict[str, str]) -> None:
    reply = await http.post("/people", json={"username": ""}, headers=signed)
    assert reply.status_code == 422
    assert [field["field"] for field in reply.json()["errors"]] == ["username"]


@pytest.mark.parametrize(
    ("liked", "language", "message"),
    [
        ({}, "en", "The length is at least 1."),
        ({"Accept-Language": "es-AR,en;q=0.5"}, "es", "La longitud es de 1 como mínimo."),
        ({"Accept-Language": "fr"}, "en", "The length is at least 1."),
    ],
)
async def test_rejected_fields_are_told_in_the_language_of_the_reader(
    http: httpx.AsyncClient,
    signed: dict[str, str],
    liked: dict[str, str],
    language: str,
    message: str,
) -> None:
    reply = await http.post("/people", json={"username": ""}, headers={**signed, **liked})
    assert reply.headers["content-language"] == language
    assert reply.headers["vary"] == "Accept-Language"
    (field,) = reply.json()["errors"]
    assert field == {
        "field": "username",
        "code": "too_short",
        "message": message,
        "values": {"min": "1"},
    }


async def test_a_body_that_is_no_json_is_a_bad_request(
    http: httpx.AsyncClient, signed: dict[str, str]
) -> None:
    headers = {**signed, "Content-Type": "application/json"}
    reply = await http.post("/people", content=b"{", headers=headers)
    assert (reply.status_code, reply.json()["code"]) == (400, "bad_request")


@pytest.mark.parametrize("key", ["", "x" * 256, "tab\tinside", " blank first"])
async def test_an_idempotency_key_is_checked(
    http: httpx.AsyncClient, signed: dict[str, str], key: str
) -> None:
    headers = {**signed, "Idempotency-Key": key}
    reply = await http.post("/people", json={"username": "alice"}, headers=headers)
    assert reply.status_code == 422
    assert reply.json()["errors"][0]["field"] == "Idempotency-Key"


async def test_an_unknown_path_is_a_problem(
    http: httpx.AsyncClient, signed: dict[str, str]
) -> None:
    reply = await http.get("/nowhere", headers=signed)
    assert (reply.status_code, reply.json()["code"]) == (404, "not_found")


async def test_a_wrong_method_is_a_problem_that_names_the_right_ones(
    http: httpx.AsyncClient, signed: dict[str, str]
) -> None:
    reply = await http.get("/people", headers=signed)
    assert (reply.status_code, reply.json()["code"]) == (405, "method_not_allowed")
    assert reply.headers["allow"] == "OPTIONS, POST"


async def test_a_body_over_the_limit_is_too_large(
    http: httpx.AsyncClient, signed: dict[str, str]
) -> None:
    reply = await http.post("/people", json={"username": "x" * 2_000_000}, headers=signed)
    assert (reply.status_code, reply.json()["code"]) == (413, "too_large")


async def test_an_unexpected_error_gives_nothing_away(
    http: httpx.AsyncClient, signed: dict[str, str]
) -> None:
    reply = await http.get("/fail/unexpected", headers=signed)
    assert (reply.status_code, reply.json()["code"]) == (500, "internal_error")
    assert "secret" not in reply.text


async def test_retry_after_is_a_header(http: httpx.AsyncClient, signed: dict[str, str]) -> None:
    assert (await http.get("/fail/Overloaded", headers=signed)).headers["retry-after"] == "7"


async def test_a_missing_viewer_is_told_to_sign_in(http: httpx.AsyncClient) -> None:
    signer = TokenSigner(key=KEYS["users"], audience="users", caller="gateway-1")
    headers = {"Authorization": f"Bearer {signer.token(None)}"}
    reply = await http.get("/private/1", headers=headers)
    assert (reply.status_code, reply.json()["code"]) == (401, "unauthenticated")
    assert reply.headers["www-authenticate"] == "Bearer"


def _kinds(of: type[AppError]) -> Iterator[type[AppError]]:
    yield of
    for kind in of.__subclasses__():
        yield from _kinds(kind)


@pytest.mark.parametrize("kind", list(_kinds(AppError)))
def test_no_problem_may_be_stored_whatever_its_headers_say(kind: type[AppError]) -> None:
    needed = [one for one in signature(kind).parameters.values() if one.default is one.empty]
    numbers: list[Any] = [0 for one in needed if one.kind is one.POSITIONAL_OR_KEYWORD]
    for headers in ({}, {"Cache-Control": "public, max-age=60"}, {"Allow": "GET"}):
        reply = ProblemReply(kind(*numbers), headers)
        assert reply.headers.getlist("cache-control") == ["no-store"]
