"""HEAD, OPTIONS, Allow and CORS."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Request, Response
from pydantic import BaseModel

from shared.http_server.methods import Methods
from shared.http_server.problems import install_problem_handlers

ORIGIN = "https://app.example"


class Thing(BaseModel):
    """A body."""

    name: str


def _app(*origins: str) -> httpx.AsyncClient:
    router = APIRouter()

    @router.get("/things/{number}")
    async def get_thing(request: Request, number: int) -> Response:
        return Response(f"{request.method} {number}", headers={"ETag": '"1"'})

    @router.patch("/things/{number}")
    async def patch_thing(number: int, thing: Thing) -> Response:
        return Response(f"{number} {thing.name}")

    @router.delete("/things/{number}")
    async def delete_thing(number: int) -> Response:
        return Response(status_code=204)

    @router.head("/places")
    async def head_places() -> Response:
        return Response(headers={"Place": "own"})

    @router.options("/places")
    async def options_of_places() -> Response:
        return Response(status_code=204, headers={"Place": "own"})

    app = FastAPI()
    app.router.routes.extend(router.routes)
    install_problem_handlers(app)
    app.add_middleware(Methods, routes=app.router.routes, origins=origins)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://a.example")


async def test_head_has_the_headers_of_get_and_no_body() -> None:
    async with _app() as client:
        got, head = await client.get("/things/7"), await client.head("/things/7")
    assert (head.status_code, head.content) == (200, b"")
    assert {**head.headers} == {**got.headers}
    assert got.text == "GET 7"


async def test_a_route_of_its_own_answers_head() -> None:
    async with _app() as client:
        assert (await client.head("/places")).headers["place"] == "own"


@pytest.mark.parametrize("method", ["OPTIONS", "PUT", "POST", "PROPFIND"])
async def test_allow_names_all_methods_of_an_address(method: str) -> None:
    async with _app() as client:
        reply = await client.request(method, "/things/7")
    assert reply.headers["allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH"
    assert reply.status_code == (204 if method == "OPTIONS" else 405)
    assert "access-control-allow-origin" not in reply.headers


async def test_options_of_nothing_is_not_found() -> None:
    async with _app() as client:
        reply = await client.options("/nothing")
    assert (reply.status_code, reply.headers["content-type"]) == (404, "application/problem+json")


async def test_a_page_of_a_named_origin_may_ask_and_read() -> None:
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "PATCH"}
    async with _app(ORIGIN) as client:
        before = await client.options("/things/7", headers=asked)
        got = await client.get("/things/7", headers={"Origin": ORIGIN})
    assert before.headers["access-control-allow-origin"] == ORIGIN
    assert "PATCH" in before.headers["access-control-allow-methods"]
    assert "If-Match" in before.headers["access-control-allow-headers"]
    assert got.headers["access-control-allow-origin"] == ORIGIN
    assert "ETag" in got.headers["access-control-expose-headers"]
    assert before.headers["vary"] == got.headers["vary"] == "Origin"


async def test_a_route_of_its_own_answers_options_beside_allow_and_cors() -> None:
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "HEAD"}
    async with _app(ORIGIN) as client:
        reply = await client.options("/places", headers=asked)
    assert (reply.status_code, reply.headers["place"]) == (204, "own")
    assert reply.headers["allow"] == "HEAD, OPTIONS"
    assert reply.headers["access-control-allow-origin"] == ORIGIN
    assert "Tus-Resumable" in reply.headers["access-control-allow-headers"]
    assert "Tus-Version" in reply.headers["access-control-expose-headers"]


async def test_a_page_of_another_origin_is_told_nothing_and_caches_are_told_why() -> None:
    asked = {"Origin": "https://other.example", "Access-Control-Request-Method": "PATCH"}
    async with _app(ORIGIN) as client:
        replies = [await client.options("/things/7", headers=asked), await client.get("/things/7")]
    for reply in replies:
        assert reply.headers["vary"] == "Origin"
        assert not [name for name in reply.headers if name.startswith("access-control")]


@pytest.mark.parametrize("media_type", [None, "text/plain", "application/x-www-form-urlencoded"])
async def test_json_of_another_type_or_none_is_refused_with_a_sentence(
    media_type: str | None,
) -> None:
    headers = {} if media_type is None else {"Content-Type": media_type}
    async with _app() as client:
        reply = await client.patch("/things/7", content=b'{"name": "a"}', headers=headers)
    assert reply.status_code == 415
    assert "Content-Type: application/json" in reply.json()["detail"]
    assert reply.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "media_type",
    [
        "application/json",
        "APPLICATION/JSON",
        "application/json; charset=utf-8",
        "application/a+json",
    ],
)
async def test_media_types_compare_without_case_and_parameters(media_type: str) -> None:
    async with _app() as client:
        headers = {"Content-Type": media_type}
        reply = await client.patch("/things/7", content=b'{"name": "a"}', headers=headers)
    assert reply.text == "7 a"


async def test_a_reply_without_an_end_ends_after_its_headers() -> None:
    ended: list[str] = []

    @asynccontextmanager
    async def noted() -> AsyncIterator[None]:
        try:
            yield
        finally:
            ended.append("left")

    async def endless(scope, receive, send):  # type: ignore[no-untyped-def]
        async with noted():
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"a", "more_body": True})
            while (await receive())["type"] != "http.disconnect":
                await send({"type": "http.response.body", "body": b"a", "more_body": True})

    app = Methods(endless, routes=())
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://a.example"
    ) as client:
        assert (await client.head("/stream")).content == b""
    assert ended == ["left"]
