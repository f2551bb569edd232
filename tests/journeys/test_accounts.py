"""Sign-up, sign-in, and profiles."""

import asyncio

import httpx
import pytest

from tests.eventually import eventually
from tests.journeys.mailbox import code_to
from tests.journeys.phone import PASSWORD, Phone, account, from_a_new_address, picture, sign_in
from tests.suite import Suite


async def test_an_account_signs_in_by_name_and_by_address(
    stranger: httpx.AsyncClient, suite: Suite
) -> None:
    new = account("alice")
    made = (await stranger.post("/v1/users", json=new)).json()
    # An address signs in once it is verified, by the code of a message.
    session = made["session"]["access_token"]
    reply = await stranger.put(
        "/v1/me/email/verification",
        json={"code": await code_to(suite, new["email"])},
        headers={"Authorization": f"Bearer {session}"},
    )
    assert reply.json()["email_is_verified"]
    for login in (new["username"], new["email"]):
        reply = await stranger.post("/v1/sessions", json={"login": login, "password": PASSWORD})
        assert reply.status_code == 201
        assert reply.json()["user"]["id"] == made["user"]["id"]
        assert reply.json()["session"]["access_token"] != made["session"]["access_token"]


async def test_the_same_key_makes_one_account_and_the_same_reply(
    stranger: httpx.AsyncClient,
) -> None:
    new = account("alice")
    headers = {"Idempotency-Key": new["username"]}
    first = await stranger.post("/v1/users", json=new, headers=headers)
    again = await stranger.post("/v1/users", json=new, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()


async def test_the_same_key_with_another_body_is_refused(stranger: httpx.AsyncClient) -> None:
    new = account("alice")
    headers = {"Idempotency-Key": new["username"]}
    await stranger.post("/v1/users", json=new, headers=headers)
    other = {**new, "device": "another phone"}
    reply = await stranger.post("/v1/users", json=other, headers=headers)
    assert (reply.status_code, reply.json()["code"]) == (422, "idempotency_key_reused")


async def test_a_username_belongs_to_one_account_only(stranger: httpx.AsyncClient) -> None:
    new = account("alice")
    await stranger.post("/v1/users", json=new)
    reply = await stranger.post("/v1/users", json={**account("alice"), "username": new["username"]})
    assert (reply.status_code, reply.json()["code"]) == (409, "username_taken")


async def test_a_sign_up_does_not_tell_that_an_address_is_taken(
    stranger: httpx.AsyncClient,
) -> None:
    new = account("alice")
    await stranger.post("/v1/users", json=new)
    reply = await stranger.post("/v1/users", json={**account("bob"), "email": new["email"].upper()})
    assert (reply.status_code, reply.json()["user"]["email_is_verified"]) == (201, False)


async def test_one_of_many_concurrent_sign_ups_gets_a_name(stranger: httpx.AsyncClient) -> None:
    username = account("alice")["username"]
    wishes = [{**account("alice"), "username": username} for _ in range(20)]
    replies = await asyncio.gather(*(stranger.post("/v1/users", json=wish) for wish in wishes))
    assert sorted(reply.status_code for reply in replies) == [201] + [409] * 19


async def test_a_wrong_password_and_a_wrong_name_look_the_same(
    stranger: httpx.AsyncClient,
) -> None:
    new = account("alice")
    await stranger.post("/v1/users", json=new)
    problems = []
    for login in (new["username"], account("nobody")["username"]):
        reply = await stranger.post("/v1/sessions", json={"login": login, "password": "x" * 12})
        assert reply.status_code == 401
        problems.append({**reply.json(), "request_id": None})
    assert problems[0] == problems[1]
    assert problems[0]["code"] == "wrong_credentials"


async def test_all_faults_of_a_sign_up_are_reported_together(stranger: httpx.AsyncClient) -> None:
    reply = await stranger.post(
        "/v1/users", json={"username": "Al ice", "email": "nowhere", "password": "short"}
    )
    assert (reply.status_code, reply.json()["code"]) == (422, "invalid")
    fields = {error["field"] for error in reply.json()["errors"]}
    assert fields == {"username", "email", "password"}


async def test_others_see_a_profile_without_the_email_address(alice: Phone, bob: Phone) -> None:
    by_id = await bob.get(f"/v1/users/{alice.id}")
    by_name = await bob.get(f"/v1/users/by-username/{alice.username}")
    assert by_id == by_name
    assert "email" not in by_id
    assert (await alice.get("/v1/me"))["email"] == f"{alice.username}@mail.example"


@pytest.mark.parametrize("path", ["/v1/users/1", "/v1/users/by-username/nobody.at.all"])
async def test_an_unknown_user_gives_404(alice: Phone, path: str) -> None:
    assert (await alice.get(path, status=404))["code"] == "not_found"


@pytest.mark.parametrize("token", ["x", "rta_made.up.token", "x" * 4000])
async def test_a_made_up_token_gives_401(stranger: httpx.AsyncClient, token: str) -> None:
    reply = await stranger.get("/v1/me", headers={"Authorization": f"Bearer {token}"})
    assert reply.status_code == 401
    assert reply.headers["www-authenticate"] == "Bearer"


async def test_an_own_photo_becomes_the_avatar_and_the_former_one_is_deleted(
    alice: Phone, bob: Phone
) -> None:
    first, second = [await alice.upload(picture()) for _ in range(2)]
    reply = await bob.http.patch("/v1/me", json={"avatar_photo_id": first})
    assert [error["field"] for error in reply.json()["errors"]] == ["avatar_photo_id"]
    for photo_id in (first, second):
        reply = await alice.http.patch("/v1/me", json={"avatar_photo_id": photo_id})
        assert reply.status_code == 200, reply.text
    seen = (await bob.get(f"/v1/users/{alice.id}"))["avatar"]
    assert second in seen
    assert (await bob.http.get(seen)).status_code == 200
    assert (await alice.post())["author"]["avatar"] == seen

    async def former_is_gone() -> None:
        await alice.get(f"/v1/photos/{first}", status=404)

    await eventually(former_is_gone)
    # The photo of an avatar cannot be published.
    reply = await alice.http.post("/v1/posts", json={"photo_ids": [second]})
    assert reply.json()["code"] == "photo_already_published"
    reply = await alice.http.patch("/v1/me", json={"avatar_photo_id": None})
    assert reply.json()["avatar"] is None


async def test_strangers_guesses_do_not_keep_the_owner_out(alice: Phone, suite: Suite) -> None:
    guess = {"login": alice.username, "password": "x" * 12}
    right = {"login": alice.username, "password": PASSWORD}
    async with from_a_new_address(suite.public_url) as owner:
        known = (await owner.post("/v1/sessions", json=right)).json()
    async with from_a_new_address(suite.public_url) as stranger:
        replies = [await stranger.post("/v1/sessions", json=guess) for _ in range(11)]
        assert [reply.status_code for reply in replies] == [401] * 10 + [429]
        assert (await stranger.post("/v1/sessions", json=right)).status_code == 429
        # The owner's phone, even behind the same address, and a new phone elsewhere.
        phones = {**right, "device_token": known["device_token"]}
        assert (await stranger.post("/v1/sessions", json=phones)).status_code == 201
    assert await sign_in(suite.public_url, alice.username)


async def test_a_mistyped_password_signs_nobody_out(alice: Phone) -> None:
    reply = await alice.http.request("DELETE", "/v1/me", json={"password": "x" * 12})
    assert (reply.status_code, reply.json()["code"]) == (403, "wrong_password")
    passwords = {"current_password": "x" * 12, "new_password": PASSWORD[::-1]}
    reply = await alice.http.put("/v1/me/password", json=passwords)
    assert (reply.status_code, reply.json()["code"]) == (403, "wrong_password")
    await alice.get("/v1/me")
