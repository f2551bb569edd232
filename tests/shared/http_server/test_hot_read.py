"""A hot route gives the same replies as FastAPI's own handling."""

from collections.abc import Awaitable, Callable
from typing import Annotated

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, Request, Response

from shared.errors import NotFound, Unauthenticated
from shared.http_server.hot_read import hot_read
from shared.http_server.json_reply import JsonReply
from shared.http_server.paging import POSTS_LIMIT_DEFAULT, Cursor, PostsLimit, viewers_posts_page
from shared.http_server.problems import install_problem_handlers

Get = Callable[..., Awaitable[httpx.Response]]

NOBODY = 404
LONGEST = "x" * 256
PLAIN = ("", "limit=1", "limit=20", "limit=40", "limit=20&cursor=WzFd", f"limit=9&cursor={LONGEST}")
NOT_PLAIN = (
    *("limit=0", "limit=41", "limit=020", "limit=x", "limit=", "limit=20&limit=0", "limit=2%30"),
    *("cursor=WzFd", "cursor=", "limit=20&cursor=", f"limit=20&cursor={LONGEST}x", "limit=20&"),
    *("limit=20&cursor=a%20b", "limit=20&cursor=a+b", "cursor=WzFd&limit=20", "other=x"),
    *("limit=20%0A", "limit=%D9%A3", "limit=+5"),
)


async def who(request: Request) -> int:
    name = request.headers.get("name")
    if name is None:
        raise Unauthenticated
    return int(name)


async def page(
    request: Request,
    viewer_id: Annotated[int, Depends(who)],
    limit: PostsLimit = POSTS_LIMIT_DEFAULT,
    cursor: Cursor = None,
) -> Response:
    if viewer_id == NOBODY:
        raise NotFound
    return JsonReply([viewer_id, limit, cursor])


def _getter(router: APIRouter) -> Get:
    router.get("/page")(page)
    app = FastAPI()
    app.router.routes.extend(router.routes)
    install_problem_handlers(app)
    caller = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://app")

    async def get(query: str, name: str = "") -> httpx.Response:
        return await caller.get(f"/page?{query}", headers={"name": name} if name else {})

    return get


@pytest.fixture
def hot() -> Get:
    return _getter(APIRouter(route_class=hot_read(viewers_posts_page(who))))


@pytest.fixture
def usual() -> Get:
    return _getter(APIRouter())


@pytest.mark.parametrize("name", ["1", str(NOBODY), ""])
@pytest.mark.parametrize("query", [*PLAIN, *NOT_PLAIN])
async def test_hot_or_not_the_reply_is_the_same(
    hot: Get, usual: Get, query: str, name: str
) -> None:
    one, other = await hot(query, name), await usual(query, name)
    assert one.status_code == other.status_code
    assert one.json() == other.json()
    assert one.headers == other.headers


@pytest.mark.parametrize(
    ("query", "is_plain"), [(q, True) for q in PLAIN] + [(q, False) for q in NOT_PLAIN]
)
async def test_only_what_is_plainly_sound_is_taken(query: str, is_plain: bool) -> None:
    headers = [(b"name", b"1")]
    request = Request({"type": "http", "query_string": query.encode(), "headers": headers})
    assert (await viewers_posts_page(who)(request) is not None) == is_plain
