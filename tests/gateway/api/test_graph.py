"""Requests, blocks, mutes and relationships."""

import pytest

from tests.gateway.conftest import Gateway
from tests.gateway.samples import BOB, CAROL, card, profile

RELATIONSHIP = profile(BOB)["relationship"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", f"/users/{BOB}/block"),
        ("DELETE", f"/users/{BOB}/block"),
        ("PUT", f"/users/{BOB}/mute"),
        ("DELETE", f"/users/{BOB}/mute"),
        ("PUT", f"/me/follow-requests/{BOB}"),
        ("DELETE", f"/me/follow-requests/{BOB}"),
        ("DELETE", f"/me/followers/{BOB}"),
    ],
)
async def test_a_change_replies_with_the_new_relationship(
    gateway: Gateway, method: str, path: str
) -> None:
    gateway.users.answer(method, path, {"relationship": RELATIONSHIP})
    reply = await gateway.http.request(method, f"/v1{path}")
    assert (reply.status_code, reply.json()) == (200, {"relationship": RELATIONSHIP})


@pytest.mark.parametrize("which", ["follow-requests", "blocks", "mutes"])
async def test_an_own_list_is_a_page_of_people(gateway: Gateway, which: str) -> None:
    gateway.users.answer("GET", f"/me/{which}", {"items": [card(CAROL)], "next_cursor": "abc"})
    reply = await gateway.http.get(f"/v1/me/{which}?limit=1")
    assert [person["username"] for person in reply.json()["items"]] == ["carol"]
    assert reply.links["next"]["url"] == f"/v1/me/{which}?limit=1&cursor=abc"


async def test_relationships_are_asked_for_in_one_call(gateway: Gateway) -> None:
    found = {"relationships": {str(BOB): RELATIONSHIP, str(CAROL): RELATIONSHIP}}
    gateway.users.answer("GET", "/relationships", found)
    reply = await gateway.http.get(f"/v1/relationships?ids={BOB}&ids={CAROL}")
    assert reply.json() == found
    (asked,) = gateway.users.asked("/relationships")
    assert asked.url.params.get_list("ids") == [str(BOB), str(CAROL)]


@pytest.mark.parametrize(
    "query", ["", "ids=", "ids=0", "ids=x", "&".join(f"ids={n}" for n in range(1, 82))]
)
async def test_no_ids_or_too_many_are_refused_by_the_gateway(gateway: Gateway, query: str) -> None:
    reply = await gateway.http.get(f"/v1/relationships?{query}")
    assert (reply.status_code, reply.json()["code"]) == (422, "invalid")
    assert not gateway.users.asked("/relationships")


async def test_the_next_page_of_a_search_keeps_its_query(gateway: Gateway) -> None:
    gateway.users.answer("GET", "/users/search", {"items": [card(CAROL)], "next_cursor": "abc"})
    reply = await gateway.http.get("/v1/users/search", params={"q": "ca & co", "limit": 1})
    (asked,) = gateway.users.asked("/users/search")
    assert dict(asked.url.params) == {"q": "ca & co", "limit": "1"}
    await gateway.http.get(reply.links["next"]["url"])
    again = gateway.users.asked("/users/search")[-1]
    assert dict(again.url.params) == {"q": "ca & co", "limit": "1", "cursor": "abc"}


@pytest.mark.parametrize("query", ["", "?q=", "?q=" + "x" * 65])
async def test_an_empty_or_too_long_query_is_refused_by_the_gateway(
    gateway: Gateway, query: str
) -> None:
    reply = await gateway.http.get(f"/v1/users/search{query}")
    assert (reply.status_code, reply.json()["code"]) == (422, "invalid")
    assert not gateway.users.asked("/users/search")


async def test_suggestions_are_a_page_of_people(gateway: Gateway) -> None:
    gateway.users.answer("GET", "/users/suggested", {"items": [card(CAROL)], "next_cursor": None})
    reply = await gateway.http.get("/v1/users/suggested")
    assert [person["username"] for person in reply.json()["items"]] == ["carol"]
