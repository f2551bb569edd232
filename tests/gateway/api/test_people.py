"""Profiles and the follow graph."""

import pytest

from shared.errors import Unavailable
from tests.gateway.conftest import Gateway
from tests.gateway.samples import BOB, CAROL, card, profile


async def test_a_profile_includes_the_number_of_posts(gateway: Gateway) -> None:
    gateway.users.answer("GET", f"/users/{BOB}", profile(BOB))
    gateway.feed.answer("POST", "/post-counts", {"counts": {str(BOB): 7}})
    reply = await gateway.http.get(f"/v1/users/{BOB}")
    assert reply.status_code == 200
    assert (reply.json()["username"], reply.json()["counts"]["posts"]) == ("bob", 7)


async def test_a_profile_without_feed_lacks_only_the_number_of_posts(gateway: Gateway) -> None:
    gateway.users.answer("GET", f"/users/{BOB}", profile(BOB))
    gateway.feed.answer("POST", "/post-counts", Unavailable())
    reply = await gateway.http.get(f"/v1/users/{BOB}")
    assert reply.status_code == 200
    assert reply.json()["counts"] == {"posts": None, "followers": 3, "following": 2}


async def test_a_profile_by_name_equals_the_one_by_id(gateway: Gateway) -> None:
    gateway.users.answer("GET", "/users/by-username/bob", profile(BOB))
    gateway.feed.answer("POST", "/post-counts", {"counts": {str(BOB): 7}})
    reply = await gateway.http.get("/v1/users/by-username/bob")
    assert (reply.json()["id"], reply.json()["counts"]["posts"]) == (str(BOB), 7)


@pytest.mark.parametrize(
    "path",
    [
        "/v1/users/0",
        "/v1/users/-1",
        "/v1/users/007",
        "/v1/users/abc",
        "/v1/users/1e3",
        "/v1/users/%d9%a3",
        "/v1/users/12345678901234567890",
        "/v1/users/1002/",
        "/v1/users/by-username/%2e%2e",
        "/v1/users/by-username/bob.",
        "/v1/users/by-username/bob%2f..%2f1",
        "/v1/users/by-username/" + "b" * 31,
        "/v1/posts/x/like",
        "/v1/photos/x",
    ],
)
async def test_an_impossible_id_or_name_gives_404_without_a_call(
    gateway: Gateway, path: str
) -> None:
    reply = await gateway.http.get(path)
    assert (reply.status_code, reply.json()["code"]) == (404, "not_found")
    assert not gateway.users.requests


async def test_a_number_beyond_all_ids_is_an_ordinary_404(gateway: Gateway) -> None:
    reply = await gateway.http.get("/v1/users/9999999999999999999")
    assert reply.status_code == 404
    assert gateway.users.asked(f"/users/{2**63 - 1}")


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_a_follow_replies_with_the_new_relationship(gateway: Gateway, method: str) -> None:
    relationship = {"relationship": profile(BOB)["relationship"]}
    gateway.users.answer(method, f"/users/{BOB}/follow", relationship)
    reply = await gateway.http.request(method, f"/v1/users/{BOB}/follow")
    assert reply.json() == relationship


@pytest.mark.parametrize("which", ["followers", "following"])
async def test_a_page_of_people_links_to_the_next(gateway: Gateway, which: str) -> None:
    gateway.users.answer(
        "GET",
        f"/users/{BOB}/{which}",
        {"items": [card(CAROL)], "next_cursor": "WzFd+=", "hidden_count": 3},
    )
    reply = await gateway.http.get(f"/v1/users/{BOB}/{which}?limit=1&cursor=abc")
    (asked,) = gateway.users.asked(f"/users/{BOB}/{which}")
    assert dict(asked.url.params) == {"limit": "1", "cursor": "abc"}
    assert [person["username"] for person in reply.json()["items"]] == ["carol"]
    assert reply.json()["hidden_count"] == 3
    assert reply.links["next"]["url"] == f"/v1/users/{BOB}/{which}?limit=1&cursor=WzFd%2B%3D"


async def test_the_last_page_has_no_link(gateway: Gateway) -> None:
    gateway.users.answer("GET", f"/users/{BOB}/followers", {"items": [], "next_cursor": None})
    reply = await gateway.http.get(f"/v1/users/{BOB}/followers")
    # Users of the version before does not say how many are hidden.
    assert reply.json() == {"items": [], "next_cursor": None, "hidden_count": 0}
    assert "link" not in reply.headers


@pytest.mark.parametrize("limit", ["0", "81", "-1", "many"])
async def test_a_limit_out_of_bounds_is_reported_by_name(gateway: Gateway, limit: str) -> None:
    reply = await gateway.http.get(f"/v1/users/{BOB}/followers?limit={limit}")
    assert reply.status_code == 422
    assert [field["field"] for field in reply.json()["errors"]] == ["limit"]


async def test_an_unchanged_profile_is_not_sent_again(gateway: Gateway) -> None:
    gateway.users.answer("GET", f"/users/{BOB}", profile(BOB))
    gateway.feed.answer("POST", "/post-counts", {"counts": {}})
    first = await gateway.http.get(f"/v1/users/{BOB}")
    known = {"If-None-Match": first.headers["etag"]}
    same = await gateway.http.get(f"/v1/users/{BOB}", headers=known)
    assert (same.status_code, same.content) == (304, b"")
    assert same.headers["etag"] == first.headers["etag"]
    gateway.feed.answer("POST", "/post-counts", {"counts": {str(BOB): 1}})
    changed = await gateway.http.get(f"/v1/users/{BOB}", headers=known)
    assert changed.status_code == 200
