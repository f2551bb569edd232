"""The home timeline: few calls, in order, without anything invisible."""

from typing import Any

import httpx
import pytest

from shared.errors import Unavailable
from tests.gateway.conftest import Gateway
from tests.gateway.samples import ALICE, BOB, CAROL, card, cards, post


def home(gateway: Gateway, *authors: int, next_cursor: str | None = None) -> None:
    items = [post(9000 - index, author) for index, author in enumerate(authors)]
    page = {"items": items, "next_cursor": next_cursor, "completeness": "complete"}
    gateway.feed.answer("GET", "/timelines/home", page)


async def test_posts_come_in_order_with_their_authors(gateway: Gateway) -> None:
    home(gateway, BOB, CAROL, BOB)
    gateway.users.answer("POST", "/cards", cards(BOB, CAROL))
    reply = await gateway.http.get("/v1/timelines/home")
    assert reply.status_code == 200
    shown = [(item["id"], item["author"]["username"]) for item in reply.json()["items"]]
    assert shown == [("9000", "bob"), ("8999", "carol"), ("8998", "bob")]
    assert reply.json()["completeness"] == "complete"


@pytest.mark.parametrize("length", [1, 20, 40])
async def test_a_page_costs_one_call_to_feed_and_one_to_users(
    gateway: Gateway, length: int
) -> None:
    home(gateway, *([BOB, CAROL] * length)[:length])
    gateway.users.answer("POST", "/cards", cards(BOB, CAROL))
    await gateway.http.get("/v1/timelines/home")  # From here on the session check is remembered.
    gateway.users.requests.clear()
    gateway.feed.requests.clear()
    await gateway.http.get(f"/v1/timelines/home?limit={length}")
    assert (len(gateway.feed.requests), len(gateway.users.requests)) == (1, 1)
    assert not gateway.upload.requests


async def test_an_empty_timeline_asks_for_no_cards(gateway: Gateway) -> None:
    home(gateway)
    reply = await gateway.http.get("/v1/timelines/home")
    assert reply.json() == {"items": [], "next_cursor": None, "completeness": "complete"}
    assert not gateway.users.asked("/cards")


async def test_a_page_with_posts_left_out_is_refilled_once(gateway: Gateway) -> None:
    def pages(request: httpx.Request) -> Any:
        first = "cursor" not in request.url.params
        numbers, authors = ((9, 8, 7), (ALICE, BOB, CAROL)) if first else ((6, 5), (ALICE, CAROL))
        return {
            "items": [post(n, author) for n, author in zip(numbers, authors, strict=True)],
            "next_cursor": "abc" if first else "def",
            "completeness": "complete",
        }

    gateway.feed.answer("GET", "/timelines/home", pages)
    visible = {str(ALICE): card(ALICE), str(BOB): card(BOB, may_view=False)}
    gateway.users.answer("POST", "/cards", {"cards": visible})
    reply = (await gateway.http.get("/v1/timelines/home?limit=3")).json()
    # Two of three posts are dropped, then one of the two refilled; there is no third call.
    assert [item["id"] for item in reply["items"]] == ["9", "6"]
    assert reply["next_cursor"] == "def"
    _first, second = gateway.feed.asked("/timelines/home")
    assert second.url.params == httpx.QueryParams({"limit": "2", "cursor": "abc"})


async def test_a_page_that_cannot_be_refilled_is_shorter(gateway: Gateway) -> None:
    def pages(request: httpx.Request) -> Any:
        if "cursor" in request.url.params:
            return Unavailable()
        items = [post(9, ALICE), post(8, BOB)]
        return {"items": items, "next_cursor": "abc", "completeness": "complete"}

    gateway.feed.answer("GET", "/timelines/home", pages)
    gateway.users.answer("POST", "/cards", cards(ALICE))
    reply = await gateway.http.get("/v1/timelines/home?limit=2")
    assert [item["id"] for item in reply.json()["items"]] == ["9"]
    assert reply.json()["next_cursor"] == "abc"


async def test_posts_of_hidden_and_unknown_authors_are_left_out(gateway: Gateway) -> None:
    home(gateway, ALICE, BOB, CAROL)
    visible: dict[str, Any] = {
        str(ALICE): card(ALICE),
        str(BOB): card(BOB, may_view=False),
    }
    gateway.users.answer("POST", "/cards", {"cards": visible})
    reply = await gateway.http.get("/v1/timelines/home")
    assert [item["author"]["username"] for item in reply.json()["items"]] == ["alice"]


async def test_only_the_first_page_has_an_etag(gateway: Gateway) -> None:
    home(gateway, BOB, next_cursor="abc")
    gateway.users.answer("POST", "/cards", cards(BOB))
    first = await gateway.http.get("/v1/timelines/home")
    known = {"If-None-Match": first.headers["etag"]}
    assert (await gateway.http.get("/v1/timelines/home", headers=known)).status_code == 304
    second = await gateway.http.get(first.links["next"]["url"], headers=known)
    assert second.status_code == 200
    assert "etag" not in second.headers


async def test_shared_caches_may_not_store_a_timeline(gateway: Gateway) -> None:
    home(gateway, BOB)
    gateway.users.answer("POST", "/cards", cards(BOB))
    reply = await gateway.http.get("/v1/timelines/home")
    assert "private" in reply.headers["cache-control"]


@pytest.mark.parametrize("limit", ["0", "41"])
async def test_a_limit_out_of_bounds_is_refused(gateway: Gateway, limit: str) -> None:
    assert (await gateway.http.get(f"/v1/timelines/home?limit={limit}")).status_code == 422


@pytest.mark.parametrize("down", ["users", "feed"])
async def test_a_service_that_is_down_gives_503_instead_of_500(gateway: Gateway, down: str) -> None:
    home(gateway, BOB)
    if down == "users":
        gateway.users.answer("POST", "/cards", Unavailable())
    else:
        gateway.feed.answer("GET", "/timelines/home", Unavailable())
    reply = await gateway.http.get("/v1/timelines/home")
    assert (reply.status_code, reply.json()["code"]) == (503, "unavailable")
