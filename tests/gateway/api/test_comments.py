"""A comment's writer decides who sees it."""

from typing import Any

import httpx
import orjson
import pytest

from shared.errors import AppError, Forbidden, Unavailable
from tests.gateway.conftest import Gateway
from tests.gateway.samples import ALICE, BOB, CAROL, card, comment, post

POST, COMMENT, PARENT = 7001, 8001, 8000


def known_are(gateway: Gateway, *user_ids: int) -> None:
    """Make users answer only the cards of these people."""

    def answer(request: httpx.Request) -> dict[str, Any]:
        asked = orjson.loads(request.content)["ids"]
        return {"cards": {str(id_): card(id_) for id_ in asked if id_ in user_ids}}

    gateway.users.answer("POST", "/cards", answer)


async def test_a_comment_has_numeric_ids_internally_and_string_ids_outside(
    gateway: Gateway,
) -> None:
    known_are(gateway, ALICE, BOB)
    gateway.feed.answer("GET", f"/posts/{POST}", post(POST, BOB))
    path = f"/posts/{POST}/comments"
    gateway.feed.answer("POST", path, comment(COMMENT, POST, ALICE), status=201)
    reply = await gateway.http.post(
        f"/v1{path}", json={"text": "Lovely #fog"}, headers={"Idempotency-Key": "k"}
    )
    assert reply.status_code == 201
    shown = reply.json()["comment"]
    assert (shown["id"], shown["author"]["username"]) == (str(COMMENT), "alice")
    assert gateway.feed.body_of(path) == {"text": "Lovely #fog", "reply_to": None}
    (asked,) = gateway.feed.asked(path)
    assert asked.headers["idempotency-key"] == "k"


async def test_a_reply_needs_a_comment_that_the_viewer_may_read(gateway: Gateway) -> None:
    gateway.feed.answer("GET", f"/posts/{POST}", post(POST, BOB))
    gateway.feed.answer("GET", f"/comments/{PARENT}", comment(PARENT, POST, CAROL))
    path = f"/posts/{POST}/comments"
    gateway.feed.answer("POST", path, comment(COMMENT, POST, ALICE, CAROL), status=201)
    draft = {"text": "Yes.", "reply_to": str(PARENT)}
    known_are(gateway, ALICE, BOB)
    assert (await gateway.http.post(f"/v1{path}", json=draft)).status_code == 404
    known_are(gateway, ALICE, BOB, CAROL)
    assert (await gateway.http.post(f"/v1{path}", json=draft)).status_code == 201
    assert gateway.feed.body_of(path) == {"text": "Yes.", "reply_to": PARENT}
    other = f"/v1/posts/{POST + 1}/comments"
    assert (await gateway.http.post(other, json=draft)).status_code == 404


@pytest.mark.parametrize(
    "draft", [{}, {"text": None}, {"text": 5}, {"text": "Yes.", "reply_to": 8000}]
)
async def test_a_malformed_comment_is_refused_by_the_gateway(
    gateway: Gateway, draft: dict[str, Any]
) -> None:
    reply = await gateway.http.post(f"/v1/posts/{POST}/comments", json=draft)
    assert (reply.status_code, reply.json()["code"]) == (422, "invalid")
    assert not gateway.feed.requests


async def test_a_page_leaves_out_unknown_writers_and_replies_to_them(gateway: Gateway) -> None:
    known_are(gateway, BOB)
    written = [
        comment(PARENT, POST, CAROL),
        comment(COMMENT, POST, BOB, CAROL),
        comment(COMMENT + 1, POST, BOB),
    ]
    found = {"author_id": BOB, "items": written, "next_cursor": "abc"}
    gateway.feed.answer("GET", f"/posts/{POST}/comments", found)
    reply = await gateway.http.get(f"/v1/posts/{POST}/comments?limit=3")
    assert [shown["id"] for shown in reply.json()["items"]] == [str(COMMENT + 1)]
    assert reply.json()["hidden_count"] == 2
    assert reply.links["next"]["url"] == f"/v1/posts/{POST}/comments?limit=3&cursor=abc"
    assert gateway.users.body_of("/cards") == {"ids": [BOB, CAROL]}
    assert (len(gateway.feed.requests), len(gateway.users.asked("/cards"))) == (1, 1)


@pytest.mark.parametrize("what", ["comments", "likes"])
@pytest.mark.parametrize(
    ("cards_of", "status"),
    [
        ({"cards": {str(BOB): card(BOB, may_view=False)}}, 404),
        ({"cards": {}}, 404),
        (Unavailable(), 503),
    ],
)
async def test_comments_are_visible_only_with_their_post(
    gateway: Gateway, what: str, cards_of: dict[str, Any] | AppError, status: int
) -> None:
    page: dict[str, Any] = {"author_id": BOB, "items": [], "ids": [], "next_cursor": None}
    gateway.feed.answer("GET", f"/posts/{POST}/{what}", page)
    gateway.users.answer("POST", "/cards", cards_of)
    assert (await gateway.http.get(f"/v1/posts/{POST}/{what}")).status_code == status


@pytest.mark.parametrize(("known", "status"), [((BOB, CAROL), 403), ((BOB,), 404)])
async def test_nobody_can_delete_the_comment_of_another_writer(
    gateway: Gateway, known: tuple[int, ...], status: int
) -> None:
    known_are(gateway, *known)
    gateway.feed.answer("GET", f"/posts/{POST}", post(POST, BOB))
    gateway.feed.answer("GET", f"/comments/{COMMENT}", comment(COMMENT, POST, CAROL))
    gateway.feed.answer("DELETE", f"/comments/{COMMENT}", Forbidden())
    assert (await gateway.http.delete(f"/v1/comments/{COMMENT}")).status_code == status


async def test_a_deletion_replies_204(gateway: Gateway) -> None:
    gateway.feed.answer("DELETE", f"/comments/{COMMENT}", None)
    reply = await gateway.http.delete(f"/v1/comments/{COMMENT}")
    assert (reply.status_code, reply.content) == (204, b"")


@pytest.mark.parametrize(("method", "liked"), [("PUT", True), ("DELETE", False)])
async def test_a_like_of_a_comment_replies_with_the_new_count(
    gateway: Gateway, method: str, liked: bool
) -> None:
    gateway.feed.answer("GET", f"/posts/{POST}", post(POST, BOB))
    gateway.feed.answer("GET", f"/comments/{COMMENT}", comment(COMMENT, POST, CAROL))
    answer = {"liked": liked, "like_count": 3}
    gateway.feed.answer(method, f"/comments/{COMMENT}/like", answer)
    known_are(gateway, BOB)
    path = f"/v1/comments/{COMMENT}/like"
    assert (await gateway.http.request(method, path)).status_code == 404
    known_are(gateway, BOB, CAROL)
    reply = await gateway.http.request(method, path)
    assert (reply.status_code, reply.json()) == (200, answer)
