"""Devices, signing out, and staying signed in."""

import httpx
import pytest

from tests.eventually import eventually
from tests.journeys.phone import PASSWORD, Phone, sign_in
from tests.suite import Suite


def bearing(session: dict[str, str]) -> dict[str, str]:
    return {"Authorization": f"Bearer {session['access_token']}"}


@pytest.mark.parametrize("which", ["current", "by id", "by password"])
async def test_an_ended_session_stops_everywhere_within_5_seconds(
    alice: Phone, suite: Suite, which: str
) -> None:
    other = await sign_in(suite.public_url, alice.username)
    for _ in range(4):  # From here on every replica of the gateway remembers it.
        for url in suite.public_urls:
            assert (await alice.http.get(f"{url}/v1/me", headers=bearing(other))).status_code == 200
    if which == "current":
        reply = await alice.http.delete("/v1/sessions/current", headers=bearing(other))
    elif which == "by id":
        reply = await alice.http.delete(f"/v1/sessions/{other['id']}")
    else:
        passwords = {"current_password": PASSWORD, "new_password": PASSWORD[::-1]}
        reply = await alice.http.put("/v1/me/password", json=passwords)
    assert reply.status_code == 204

    async def dead() -> None:
        for url in suite.public_urls * 4:
            reply = await alice.http.get(f"{url}/v1/me", headers=bearing(other))
            assert reply.status_code == 401

    await eventually(dead)
    await alice.get("/v1/me")


async def test_a_person_sees_their_devices(alice: Phone, suite: Suite) -> None:
    other = await sign_in(suite.public_url, alice.username)
    items = (await alice.get("/v1/sessions"))["items"]
    assert [item["id"] for item in items if not item["is_current"]] == [other["id"]]
    assert len(items) == 2


async def test_a_refresh_with_a_lost_reply_can_be_repeated(
    alice: Phone, stranger: httpx.AsyncClient, suite: Suite
) -> None:
    first = await sign_in(suite.public_url, alice.username)
    token = {"refresh_token": first["refresh_token"]}
    replies = [await stranger.post("/v1/sessions/refresh", json=token) for _ in range(2)]
    second, again = (reply.json()["session"] for reply in replies)
    assert second == again
    assert (second["id"], second["access_token"] != first["access_token"]) == (first["id"], True)
    reply = await stranger.get("/v1/me", headers=bearing(second))
    assert reply.json()["id"] == alice.id


async def test_a_refresh_token_reused_after_its_successor_ends_the_session(
    alice: Phone, stranger: httpx.AsyncClient, suite: Suite
) -> None:
    old = await sign_in(suite.public_url, alice.username)
    token = old["refresh_token"]
    for _ in range(2):
        reply = await stranger.post("/v1/sessions/refresh", json={"refresh_token": token})
        token = reply.json()["session"]["refresh_token"]
    for stolen in (old["refresh_token"], token):
        reply = await stranger.post("/v1/sessions/refresh", json={"refresh_token": stolen})
        assert (reply.status_code, reply.json()["code"]) == (401, "session_ended")
