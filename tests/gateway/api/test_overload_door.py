"""While there is too much to do reads are refused at the door, those worth least first."""

from typing import Any

import httpx
import pytest

from shared.web.adaptive_limit import AdaptiveLimit
from shared.worth import Worth, worth
from tests.gateway.conftest import Gateway
from tests.gateway.samples import ALICE, own_profile


@pytest.fixture
async def crowded(gateway: Gateway) -> Gateway:
    """So many reads are under way that only what is worth most finds a place."""
    door: AdaptiveLimit = gateway.app.state.resources.door
    token = worth.set(Worth.VITAL)
    for _ in range(int(door.calls_max * 0.9)):
        await door.enter()
    worth.reset(token)
    gateway.users.answer("GET", "/me", own_profile(ALICE))
    gateway.feed.answer("POST", "/post-counts", {"counts": {}})
    page: dict[str, Any] = {"items": [], "next_cursor": None, "completeness": "complete"}
    gateway.feed.answer("GET", "/timelines/home", page)
    return gateway


def is_refused(reply: httpx.Response) -> bool:
    return (reply.status_code, reply.json().get("code")) == (503, "overloaded")


async def test_a_refusal_asks_nobody_and_says_when_to_come_back(crowded: Gateway) -> None:
    reply = await crowded.http.get("/v1/me")
    assert is_refused(reply)
    assert reply.headers["retry-after"] == "1"
    assert reply.headers["content-type"] == "application/problem+json"
    assert not crowded.users.requests


async def test_the_home_timeline_is_let_in_when_searching_is_not(crowded: Gateway) -> None:
    assert is_refused(await crowded.http.get("/v1/users/search?q=a"))
    assert (await crowded.http.get("/v1/timelines/home")).status_code == 200


async def test_writes_are_let_in(crowded: Gateway) -> None:
    assert not is_refused(await crowded.http.delete("/v1/sessions/77"))


async def test_every_place_is_given_back(gateway: Gateway) -> None:
    door: AdaptiveLimit = gateway.app.state.resources.door
    for path in ("/v1/me", "/v1/nowhere", "/v1/timelines/home"):
        await gateway.http.get(path)
    assert door._in_flight == 0
