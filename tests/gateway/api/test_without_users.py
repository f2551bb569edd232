"""Recent decisions of users are reused for reads; longer while users does not answer."""

import uuid
from typing import Any

import httpx
import orjson
import pytest

from shared.errors import Unavailable
from tests.gateway.conftest import Gateway, all_in_session_of
from tests.gateway.samples import BOB, CAROL, card, post

HOME = "/v1/timelines/home"


class World:
    """A viewer unknown to other tests, and a home timeline of bob's and carol's posts."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.viewer_id = uuid.uuid4().int >> 66
        self.token = f"rta_{self.viewer_id}"
        gateway.http.headers["Authorization"] = f"Bearer {self.token}"
        gateway.users.answer("POST", "/sessions/check", all_in_session_of(self.viewer_id))
        gateway.users.answer("PUT", f"/users/{BOB}/mute", {"relationship": {}})
        self.shows(BOB, CAROL)
        self.decides({str(BOB): card(BOB), str(CAROL): card(CAROL)})

    def shows(self, *authors: int) -> None:
        items = [post(9000 - index, author) for index, author in enumerate(authors)]
        page = {"items": items, "next_cursor": None, "completeness": "complete"}
        self.gateway.feed.answer("GET", "/timelines/home", page)

    def decides(self, cards: dict[str, Any]) -> None:
        self.gateway.users.answer("POST", "/cards", {"cards": cards})

    def loses_users(self) -> None:
        for method, path in list(self.gateway.users.answers):
            self.gateway.users.answer(method, path, Unavailable())

    def lets_seconds_pass(self) -> None:
        """Let the seconds pass in which users is not asked again."""
        resources = self.gateway.app.state.resources
        resources.sessions._kept_s = 0
        resources.author_cards.known._fresh_s = 0

    def cards_asked(self) -> int:
        return len(self.gateway.users.asked("/cards"))

    async def home(self) -> httpx.Response:
        return await self.gateway.http.get(HOME)


@pytest.fixture
def world(gateway_with_redis: Gateway) -> World:
    return World(gateway_with_redis)


def names(reply: httpx.Response) -> list[str]:
    return [item["author"]["username"] for item in reply.json()["items"]]


async def test_users_is_asked_once_for_the_authors_of_a_page(world: World) -> None:
    await world.home()
    world.decides({})
    assert names(await world.home()) == ["bob", "carol"]
    assert world.cards_asked() == 1
    world.lets_seconds_pass()
    assert names(await world.home()) == []


async def test_users_is_asked_for_a_whole_page_if_one_card_is_unknown(world: World) -> None:
    world.shows(BOB)
    await world.home()
    world.shows(BOB, CAROL)
    for _time in range(2):
        assert names(await world.home()) == ["bob", "carol"]
    assert [orjson.loads(call.content) for call in world.gateway.users.asked("/cards")] == [
        {"ids": [BOB]},
        {"ids": [BOB, CAROL]},
    ]


@pytest.mark.parametrize("who", ["viewer", "author"])
async def test_users_is_asked_again_after_a_change(world: World, who: str) -> None:
    author_id = uuid.uuid4().int >> 66
    world.shows(author_id)
    world.decides({str(author_id): {**card(BOB), "id": author_id}})
    assert len(names(await world.home())) == 1
    # Through any gateway: one of them may have blocked the other.
    changed = world.viewer_id if who == "viewer" else author_id
    await world.gateway.app.state.resources.invalidations.note(changed)
    world.decides({})
    assert names(await world.home()) == []


async def test_users_is_asked_for_every_page_while_redis_is_away(gateway: Gateway) -> None:
    world = World(gateway)
    await world.home()
    await world.home()
    assert world.cards_asked() == 2


async def test_remembered_authors_are_shown_and_the_page_is_partial(world: World) -> None:
    world.lets_seconds_pass()
    assert (await world.home()).json()["completeness"] == "complete"
    world.loses_users()
    reply = await world.home()
    assert (reply.status_code, names(reply)) == (200, ["bob", "carol"])
    assert reply.json()["completeness"] == "partial"


async def test_unknown_authors_are_left_out(world: World) -> None:
    world.shows(BOB)
    world.decides({str(BOB): card(BOB)})
    await world.home()
    world.shows(BOB, CAROL)
    world.loses_users()
    assert names(await world.home()) == ["bob"]


async def test_cards_of_another_viewer_are_not_reused(world: World) -> None:
    await world.home()
    other = World(world.gateway)
    world.gateway.users.answer("POST", "/cards", Unavailable())
    assert other.viewer_id != world.viewer_id
    assert (await other.home()).status_code == 503


async def test_an_author_hidden_since_is_not_shown(world: World) -> None:
    world.lets_seconds_pass()
    await world.home()
    world.decides({str(CAROL): card(CAROL)})
    await world.home()
    world.loses_users()
    assert names(await world.home()) == ["carol"]


async def test_a_viewer_who_changed_something_gets_no_remembered_cards(world: World) -> None:
    await world.home()
    await world.gateway.http.put(f"/v1/users/{BOB}/mute")
    world.loses_users()
    assert (await world.home()).status_code == 503


async def test_an_author_who_changed_something_elsewhere_is_not_shown(world: World) -> None:
    await world.home()
    # Through any gateway: bob may have become private or blocked the viewer.
    await world.gateway.app.state.resources.invalidations.note(BOB)
    world.loses_users()
    reply = await world.home()
    assert "bob" not in names(reply)


async def test_writes_are_refused_in_a_session_that_cannot_be_checked(world: World) -> None:
    world.lets_seconds_pass()
    await world.home()
    world.loses_users()
    reply = await world.gateway.http.delete("/v1/posts/9000")
    assert (reply.status_code, reply.json()["code"]) == (503, "unavailable")
    assert not world.gateway.feed.asked("/posts/9000")


async def test_a_session_never_checked_before_reads_nothing(world: World) -> None:
    world.loses_users()
    assert (await world.home()).status_code == 503


async def test_without_redis_nothing_remembered_is_trusted(gateway: Gateway) -> None:
    world = World(gateway)
    await world.home()
    world.loses_users()
    assert (await world.home()).status_code == 503
