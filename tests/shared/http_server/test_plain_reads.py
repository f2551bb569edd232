"""Sound reads are called straight, everything else goes the framework's way."""

from typing import Annotated

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, Header, Query, Request, Response

from shared.errors import NotFound, Unauthenticated
from shared.http_server.json_reply import JsonReply
from shared.http_server.plain_reads import PlainReads
from shared.http_server.problems import install_problem_handlers

Limit = Annotated[int, Query(ge=1, le=40)]


async def _who(request: Request) -> str:
    name = request.headers.get("name")
    if name is None:
        raise Unauthenticated
    return name


async def _existing(thing_id: int) -> int:
    if thing_id > 100:
        raise NotFound
    return thing_id


router = APIRouter()


@router.get("/existing/{thing_id}")
async def get_existing(thing_id: Annotated[int, Depends(_existing)]) -> Response:
    return JsonReply(thing_id)


@router.get("/things/{thing_id:int}/parts")
async def get_parts(
    request: Request, thing_id: int, who: Annotated[str, Depends(_who)], limit: Limit = 20
) -> Response:
    return JsonReply([request.method, thing_id, who, limit])


@router.get("/things/latest")
async def get_latest() -> Response:
    raise NotFound


@router.get("/things/{name}")
async def get_by_name(name: str) -> Response:
    return JsonReply(["by name", name])


@router.get("/things/{thing_id:int}")
async def get_by_id(thing_id: int) -> Response:
    return JsonReply(["by id", thing_id])


@router.get("/models")
async def get_model() -> dict[str, int]:
    return {"one": 1}


@router.get("/headers")
async def get_with_header(word: Annotated[str, Header()] = "none") -> Response:
    return JsonReply(word)


@router.post("/things")
async def post_thing() -> Response:
    return JsonReply("made", 201)


class Asker:
    """Asks an application, and says whether the framework was passed."""

    def __init__(self) -> None:
        framework = FastAPI()
        framework.include_router(router)
        install_problem_handlers(framework)
        self.passed_on = 0

        async def count(scope, receive, send):  # type: ignore[no-untyped-def]
            self.passed_on += 1
            await framework(scope, receive, send)

        plain = PlainReads(count, routers=[router])
        transport = httpx.ASGITransport(plain)
        self.http = httpx.AsyncClient(transport=transport, base_url="http://app")

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.http.get(path, headers=headers)


@pytest.fixture
def asker() -> Asker:
    return Asker()


async def test_a_sound_read_is_called_straight_with_what_it_asks_for(asker: Asker) -> None:
    reply = await asker.get("/things/7/parts?limit=3&other=x", name="alice")
    assert (reply.status_code, reply.json()) == (200, ["GET", 7, "alice", 3])
    assert (await asker.get("/things/8/parts", name="bob")).json() == ["GET", 8, "bob", 20]
    assert asker.passed_on == 0


async def test_an_argument_may_be_made_of_the_path(asker: Asker) -> None:
    assert (await asker.get("/existing/7")).json() == 7
    assert (await asker.get("/existing/101")).status_code == 404
    assert asker.passed_on == 0
    assert (await asker.get("/existing/seven")).status_code == 422
    assert asker.passed_on == 1


async def test_what_was_once_asked_for_is_made_anew(asker: Asker) -> None:
    for thing_id in (1, 2):
        reply = await asker.get(f"/things/{thing_id}/parts?limit=3", name="alice")
        assert reply.json() == ["GET", thing_id, "alice", 3]


@pytest.mark.parametrize("query", ["limit=0", "limit=41", "limit=x", "limit="])
async def test_what_is_wrong_is_said_by_the_framework(asker: Asker, query: str) -> None:
    reply = await asker.get(f"/things/7/parts?{query}", name="alice")
    assert (reply.status_code, reply.json()["errors"][0]["field"]) == (422, "limit")
    assert asker.passed_on == 1


async def test_what_the_route_or_its_argument_raises_is_a_problem(asker: Asker) -> None:
    replies = [await asker.get("/things/latest"), await asker.get("/things/7/parts")]
    assert [reply.status_code for reply in replies] == [404, 401]
    assert replies[1].headers["www-authenticate"] == "Bearer"
    assert replies[0].headers["content-type"] == "application/problem+json"
    assert asker.passed_on == 0


async def test_the_route_declared_first_is_the_one_that_is_called(asker: Asker) -> None:
    assert (await asker.get("/things/7")).json() == ["by name", "7"]


@pytest.mark.parametrize("path", ["/models", "/headers", "/things/fog", "/nowhere", "/things/7/"])
async def test_everything_else_is_passed_on(asker: Asker, path: str) -> None:
    await asker.get(path)
    assert asker.passed_on == 1


async def test_other_methods_are_passed_on(asker: Asker) -> None:
    assert (await asker.http.post("/things")).status_code == 201
    assert (await asker.http.head("/things/latest")).status_code == 405
    assert asker.passed_on == 2
