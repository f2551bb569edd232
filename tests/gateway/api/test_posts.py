"""Publishing, reading, deleting and liking."""

import json
from typing import Any

import pytest

from shared.errors import Conflict, Forbidden, NotFound, Unavailable
from tests.gateway.conftest import Gateway
from tests.gateway.samples import ALICE, BOB, CAROL, card, cards, post

POST = 7001
EDITED = post(7001, ALICE)["caption"]
DRAFT = {"photo_ids": ["501"], "caption": "Fog #morning"}


class PhotoNotReady(Conflict):
    code = "photo_not_ready"


def author_of_all(gateway: Gateway, *, may_view: bool = True) -> None:
    gateway.users.answer("POST", "/cards", {"cards": {str(BOB): card(BOB, may_view=may_view)}})


async def test_publishing_turns_ids_into_numbers_and_back(gateway: Gateway) -> None:
    gateway.users.answer("POST", "/cards", cards(ALICE))
    gateway.feed.answer("POST", "/posts", post(POST, ALICE), status=201)
    reply = await gateway.http.post("/v1/posts", json=DRAFT, headers={"Idempotency-Key": "k"})
    assert reply.status_code == 201
    shown = reply.json()["post"]
    assert (shown["id"], shown["author"]["username"]) == (str(POST), "alice")
    assert gateway.feed.body_of("/posts") == {
        "photo_ids": [501],
        "caption": "Fog #morning",
        "place": None,
    }
    (asked,) = gateway.feed.asked("/posts")
    assert asked.headers["idempotency-key"] == "k"


@pytest.mark.parametrize(
    "draft",
    [
        {},
        {"photo_ids": "501"},
        {"photo_ids": [501]},
        {"photo_ids": ["0"]},
        {"photo_ids": ["x"]},
        {"photo_ids": ["501"], "caption": None},
        {"photo_ids": ["501"], "caption": "\ud800"},
        {"photo_ids": ["501"], "place": {"name": "here"}},
    ],
)
async def test_a_malformed_draft_is_refused_by_the_gateway(
    gateway: Gateway, draft: dict[str, Any]
) -> None:
    content = json.dumps(draft)  # Escapes what the client's own encoder would refuse to send.
    headers = {"Content-Type": "application/json"}
    reply = await gateway.http.post("/v1/posts", content=content, headers=headers)
    assert (reply.status_code, reply.json()["code"]) == (422, "invalid")
    assert not gateway.feed.requests


async def test_a_photo_that_is_not_ready_gives_a_retry_time(gateway: Gateway) -> None:
    gateway.users.answer("POST", "/cards", cards(ALICE))
    gateway.feed.answer("POST", "/posts", PhotoNotReady(retry_after_s=2))
    reply = await gateway.http.post("/v1/posts", json=DRAFT)
    assert (reply.status_code, reply.json()["code"]) == (409, "photo_not_ready")
    assert reply.headers["retry-after"] == "2"


async def test_nothing_is_published_while_the_authors_card_is_unavailable(gateway: Gateway) -> None:
    gateway.users.answer("POST", "/cards", Unavailable())
    reply = await gateway.http.post("/v1/posts", json=DRAFT)
    assert reply.status_code == 503
    assert not gateway.feed.requests


async def test_a_post_is_shown_with_its_author(gateway: Gateway) -> None:
    author_of_all(gateway)
    gateway.feed.answer("GET", f"/posts/{POST}", post(POST, BOB))
    reply = await gateway.http.get(f"/v1/posts/{POST}")
    assert (reply.status_code, reply.json()["author"]["username"]) == (200, "bob")
    assert gateway.users.body_of("/cards") == {"ids": [BOB]}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"/v1/posts/{POST}"),
        ("PUT", f"/v1/posts/{POST}/like"),
        ("DELETE", f"/v1/posts/{POST}/like"),
        ("GET", f"/v1/posts/{POST}/likes"),
        ("PUT", f"/v1/posts/{POST}/save"),
        ("DELETE", f"/v1/posts/{POST}/save"),
        ("GET", f"/v1/posts/{POST}/comments"),
        ("GET", f"/v1/users/{BOB}/posts"),
    ],
)
@pytest.mark.parametrize("reason", ["hidden", "unknown", "gone"])
async def test_an_invisible_post_looks_as_if_it_did_not_exist(
    gateway: Gateway, method: str, path: str, reason: str
) -> None:
    gateway.feed.answer("GET", f"/users/{BOB}/posts", {"items": [], "next_cursor": None})
    gateway.users.answer("POST", "/cards", {"cards": {}})
    if reason != "gone":
        gateway.feed.answer("GET", f"/posts/{POST}", post(POST, BOB))
    if reason == "hidden":
        author_of_all(gateway, may_view=False)
    reply = await gateway.http.request(method, path)
    body = {**reply.json(), "request_id": None}
    assert body == {
        "type": "urn:retrato:problem:not_found",
        "title": NotFound.title,
        "status": 404,
        "detail": NotFound.title,
        "code": "not_found",
        "request_id": None,
        "error": NotFound.title,
    }
    assert not [asked for asked in gateway.feed.requests if asked.method != "GET"]


@pytest.mark.parametrize(("method", "liked"), [("PUT", True), ("DELETE", False)])
async def test_a_like_replies_with_the_new_count(
    gateway: Gateway, method: str, liked: bool
) -> None:
    author_of_all(gateway)
    gateway.feed.answer("GET", f"/posts/{POST}", post(POST, BOB))
    answer = {"liked": liked, "like_count": 13}
    gateway.feed.answer(method, f"/posts/{POST}/like", answer)
    reply = await gateway.http.request(method, f"/v1/posts/{POST}/like")
    assert (reply.status_code, reply.json()) == (200, answer)


async def test_a_save_replies_with_its_state(gateway: Gateway) -> None:
    author_of_all(gateway)
    gateway.feed.answer("GET", f"/posts/{POST}", post(POST, BOB))
    for method, saved in (("PUT", True), ("DELETE", False)):
        gateway.feed.answer(method, f"/posts/{POST}/save", {"saved": saved})
        reply = await gateway.http.request(method, f"/v1/posts/{POST}/save")
        assert (reply.status_code, reply.json()) == (200, {"saved": saved})


async def test_likers_are_shown_except_those_the_viewer_may_not_know_of(
    gateway: Gateway,
) -> None:
    gateway.users.answer("POST", "/cards", cards(BOB))
    found = {"author_id": BOB, "ids": [CAROL, BOB], "next_cursor": "abc"}
    gateway.feed.answer("GET", f"/posts/{POST}/likes", found)
    reply = await gateway.http.get(f"/v1/posts/{POST}/likes?limit=2")
    assert [person["username"] for person in reply.json()["items"]] == ["bob"]
    assert reply.json()["hidden_count"] == 1
    assert reply.links["next"]["url"] == f"/v1/posts/{POST}/likes?limit=2&cursor=abc"


@pytest.mark.parametrize("path", ["/me/likes", "/me/saves"])
async def test_own_lists_leave_out_posts_no_longer_visible(gateway: Gateway, path: str) -> None:
    seen = {"cards": {str(BOB): card(BOB), str(CAROL): card(CAROL, may_view=False)}}
    gateway.users.answer("POST", "/cards", seen)
    found = {"items": [post(POST, BOB), post(POST - 1, CAROL)], "next_cursor": None}
    gateway.feed.answer("GET", path, found)
    reply = await gateway.http.get(f"/v1{path}")
    assert [shown["id"] for shown in reply.json()["items"]] == [str(POST)]
    assert gateway.users.body_of("/cards") == {"ids": [BOB, CAROL]}


async def test_an_edited_post_is_shown_as_it_is_now(gateway: Gateway) -> None:
    gateway.users.answer("POST", "/cards", cards(ALICE))
    gateway.feed.answer("PATCH", f"/posts/{POST}", post(POST, ALICE))
    reply = await gateway.http.patch(f"/v1/posts/{POST}", json={"caption": EDITED})
    assert (reply.status_code, reply.json()["post"]["caption"]) == (200, EDITED)
    assert gateway.feed.body_of(f"/posts/{POST}") == {"caption": EDITED}


@pytest.mark.parametrize(("may_view", "status"), [(True, 403), (False, 404)])
async def test_nobody_can_edit_the_post_of_another_author(
    gateway: Gateway, may_view: bool, status: int
) -> None:
    author_of_all(gateway, may_view=may_view)
    gateway.feed.answer("GET", f"/posts/{POST}", post(POST, BOB))
    gateway.feed.answer("PATCH", f"/posts/{POST}", Forbidden())
    reply = await gateway.http.patch(f"/v1/posts/{POST}", json={"caption": "Mine"})
    assert reply.status_code == status


async def test_a_deletion_replies_204(gateway: Gateway) -> None:
    gateway.feed.answer("DELETE", f"/posts/{POST}", None)
    reply = await gateway.http.delete(f"/v1/posts/{POST}")
    assert (reply.status_code, reply.content) == (204, b"")


@pytest.mark.parametrize(("may_view", "status"), [(True, 403), (False, 404)])
async def test_nobody_can_delete_the_post_of_another_author(
    gateway: Gateway, may_view: bool, status: int
) -> None:
    author_of_all(gateway, may_view=may_view)
    gateway.feed.answer("GET", f"/posts/{POST}", post(POST, BOB))
    gateway.feed.answer("DELETE", f"/posts/{POST}", Forbidden())
    reply = await gateway.http.delete(f"/v1/posts/{POST}")
    assert reply.status_code == status


async def test_a_page_of_a_persons_posts_takes_one_lookup(gateway: Gateway) -> None:
    author_of_all(gateway)
    found = {"items": [post(POST, BOB), post(POST - 1, BOB)], "next_cursor": "abc"}
    gateway.feed.answer("GET", f"/users/{BOB}/posts", found)
    reply = await gateway.http.get(f"/v1/users/{BOB}/posts?limit=2")
    assert [shown["id"] for shown in reply.json()["items"]] == [str(POST), str(POST - 1)]
    assert reply.links["next"]["url"] == f"/v1/users/{BOB}/posts?limit=2&cursor=abc"
    assert gateway.users.body_of("/cards") == {"ids": [BOB]}


async def test_an_unchanged_post_is_not_sent_again(gateway: Gateway) -> None:
    author_of_all(gateway)
    gateway.feed.answer("GET", f"/posts/{POST}", post(POST, BOB))
    first = await gateway.http.get(f"/v1/posts/{POST}")
    known = {"If-None-Match": f'"other", {first.headers["etag"]}'}
    assert (await gateway.http.get(f"/v1/posts/{POST}", headers=known)).status_code == 304
