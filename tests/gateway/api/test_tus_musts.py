"""Each MUST of tus 1.0.0, and that every reply of its routes names the protocol."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from services.gateway.domain.limits import USUAL_LIMITS
from services.upload.actions.receive_photo import PictureTooLarge
from services.upload.domain.uploads import OffsetMismatch
from shared.errors import Unavailable
from tests.gateway.api.tus_musts import ALL, APPEND, BEGIN, FOG, MUSTS, ONE, TUS, Must
from tests.gateway.conftest import Gateway, all_ended


def _upload(offset: int, **other: Any) -> dict[str, Any]:
    return {
        "id": 77,
        "offset": offset,
        "length": 10,
        "metadata": "name Zm9n",
        "expires_at": "2026-01-02T03:04:05.678Z",
        "photo": None,
        **other,
    }


def _appended(request: httpx.Request) -> Any:
    """What upload answers: it stands at 0, is 10 long, and refuses what does not fit."""
    start, size = int(request.url.params["offset"]), len(request.content)
    if start != 0:
        return OffsetMismatch()
    return PictureTooLarge() if size > 10 else _upload(size)


@pytest.fixture
def server(gateway: Gateway) -> Gateway:
    gateway.upload.answer("POST", "/uploads", _begun, status=201)
    gateway.upload.answer("GET", "/uploads/77", _upload(0))
    gateway.upload.answer("POST", "/uploads/77/pieces", _appended)
    gateway.upload.answer("DELETE", "/uploads/77", None)
    return gateway


def _begun(request: httpx.Request) -> Any:
    return PictureTooLarge() if b'"length":10,' not in request.content else _upload(0)


@pytest.mark.parametrize("must", MUSTS, ids=lambda must: must.paragraph)
async def test_each_must_of_the_protocol(server: Gateway, must: Must) -> None:
    reply = await server.http.request(
        must.method, must.path, headers=dict(must.sent), content=must.content or None
    )
    assert reply.status_code == must.status, reply.text
    assert reply.headers.get_list("tus-resumable") == ["1.0.0"]
    assert {name: reply.headers.get(name) for name in must.headers} == must.headers
    asked = tuple(f"{one.method} {one.url.path}" for one in server.upload.requests)
    assert asked == must.touches


def _without_session(server: Gateway) -> None:
    server.users.answer("POST", "/sessions/check", all_ended)


def _without_upload(server: Gateway) -> None:
    for method, path in list(server.upload.answers):
        server.upload.answer(method, path, Unavailable())


def _with_a_defect(server: Gateway) -> None:
    for method, path in list(server.upload.answers):
        server.upload.answer(method, path, {"id": "of another shape"}, status=201)


def _as_it_is(_server: Gateway) -> None:
    pass


@pytest.mark.parametrize(
    ("prepare", "statuses"),
    [
        (_as_it_is, {200, 201, 204, 404, 405, 412}),
        (_without_session, {204, 401, 404, 405}),
        (_without_upload, {204, 404, 405, 412, 503}),
        (_with_a_defect, {204, 404, 405, 412, 500}),
    ],
)
async def test_every_reply_of_the_routes_names_the_protocol(
    server: Gateway, prepare: Callable[[Gateway], None], statuses: set[int]
) -> None:
    prepare(server)
    seen = set()
    for path in (ALL, ONE, "/v1/uploads/none", "/v1/uploads/77/more", "/v1/uploads/"):
        for method in ("OPTIONS", "HEAD", "GET", "POST", "PATCH", "PUT", "DELETE"):
            for sent in ({**APPEND, **BEGIN}, {}):
                reply = await server.http.request(method, path, headers=sent)
                seen.add(reply.status_code)
                assert reply.headers.get_list("tus-resumable") == ["1.0.0"], (method, path)
                needs_version = method == "OPTIONS" and reply.status_code == 204
                assert ("tus-version" in reply.headers) == (
                    needs_version or reply.status_code == 412
                )
    assert seen == statuses


async def test_a_refusal_by_a_limit_names_the_protocol(server: Gateway) -> None:
    for _request in range(max(limit.quota for limit in USUAL_LIMITS)):
        reply = await server.http.delete(ONE, headers=TUS)
        if reply.status_code == 429:
            break
    assert (reply.status_code, reply.headers["tus-resumable"]) == (429, "1.0.0")


async def test_other_routes_do_not_speak_of_it(server: Gateway) -> None:
    for path in ("/v1/filters", "/v1/uploadsandmore", "/v1/photos/77"):
        override = {"X-HTTP-Method-Override": "DELETE", "Tus-Resumable": "0.2.2"}
        reply = await server.http.get(path, headers=override)
        assert "tus-resumable" not in reply.headers
        assert reply.status_code != 412
    assert "DELETE" not in {asked.method for asked in server.upload.requests}


async def test_the_effective_method_decides_the_limit(server: Gateway) -> None:
    as_patch = {**APPEND, "X-HTTP-Method-Override": "PATCH"}
    direct = await server.http.patch(ONE, headers=APPEND, content=FOG)
    overridden = await server.http.get(ONE, headers=as_patch)
    policy = "ratelimit-policy"
    assert direct.headers[policy] == overridden.headers[policy]
