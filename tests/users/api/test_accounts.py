"""Sign-up and the viewer's profile over HTTP."""

import json
import secrets
from dataclasses import asdict

import pytest

from tests.users.cast import PASSWORD, Cast, form_for
from tests.users.users_api import UsersApi


async def test_sign_up_replies_201_with_account_and_tokens(api: UsersApi) -> None:
    form = form_for("alice")
    response = await api.post("/users", asdict(form))
    assert response.status_code == 201
    signed_in = response.json()
    assert signed_in["user"]["username"] == form.username
    assert signed_in["user"]["email"] == form.email
    assert signed_in["user"]["followers_count"] == 0
    assert signed_in["session"]["access_token"].startswith("rta_")
    assert signed_in["session"]["refresh_token"].startswith("rtr_")


async def test_a_replay_is_the_same_to_the_byte(api: UsersApi) -> None:
    form, key = asdict(form_for("alice")), secrets.token_hex()
    first, again = [await api.post("/users", form, key=key) for _ in range(2)]
    assert first.content == again.content
    other = await api.post("/users", {**form, "device": "another"}, key=key)
    assert other.status_code == 422
    assert other.json()["code"] == "idempotency_key_reused"


async def test_every_fault_of_a_form_is_named_at_once(api: UsersApi) -> None:
    form = {"username": "Alice", "email": "alice", "password": "short", "device": "\n"}
    response = await api.post("/users", form)
    assert response.status_code == 422
    assert [error["field"] for error in response.json()["errors"]] == list(form)


@pytest.mark.parametrize("body", [{}, [], {"username": 1}])
async def test_a_malformed_body_is_refused(api: UsersApi, body: object) -> None:
    assert (await api.post("/users", body)).status_code in {400, 422}


async def test_half_a_surrogate_pair_is_refused(api: UsersApi) -> None:
    escaped = {**asdict(form_for("alice")), "device": "\ud800"}
    response = await api.post_bytes("/users", json.dumps(escaped).encode())
    assert response.status_code in {400, 422}


async def test_a_taken_name_is_409_with_its_code(api: UsersApi) -> None:
    form = asdict(form_for("alice"))
    await api.post("/users", form)
    same_name = await api.post("/users", {**form, "email": f"x{form['email']}"})
    same_address = await api.post("/users", {**form, "username": form_for("bob").username})
    assert (same_name.status_code, same_name.json()["code"]) == (409, "username_taken")
    # An address is taken by whoever verifies it, and a sign-up does not tell.
    assert same_address.status_code == 201


async def test_me_shows_the_private_fields_to_their_owner(api: UsersApi, cast: Cast) -> None:
    alice = (await cast.person("alice"))["user"]
    assert (await api.get("/me", alice["id"])).json() == alice
    assert (await api.get("/me")).status_code == 401
    assert (await api.get("/me", 2**50)).status_code == 401


async def test_a_profile_is_changed_field_by_field(api: UsersApi, cast: Cast) -> None:
    alice = (await cast.person("alice"))["user"]
    changed = await api.patch("/me", {"bio": "fog", "is_private": True}, alice["id"])
    assert changed.status_code == 200
    assert changed.json() == (await api.get("/me", alice["id"])).json()
    assert (changed.json()["bio"], changed.json()["is_private"]) == ("fog", True)
    assert (await api.patch("/me", {}, alice["id"])).json() == changed.json()


@pytest.mark.parametrize("body", [{"bio": None}, {"bio": "x" * 151}, []])
async def test_an_invalid_change_gives_422(api: UsersApi, cast: Cast, body: object) -> None:
    assert (await api.patch("/me", body, await cast.user_id("alice"))).status_code == 422


async def test_a_common_password_is_refused_at_sign_up_and_change(
    api: UsersApi, cast: Cast
) -> None:
    alice = await cast.person("alice")
    change = {"current_password": PASSWORD, "session_id": alice["session"]["id"]}
    replies = (
        await api.post("/users", {**asdict(form_for("bob")), "password": "Qwerty123"}),
        await api.put("/me/password", alice["user"]["id"], {**change, "new_password": "Qwerty123"}),
    )
    for reply, field in zip(replies, ("password", "new_password"), strict=True):
        assert reply.status_code == 422
        (error,) = reply.json()["errors"]
        assert (error["field"], error["code"]) == (field, "too_common")


async def test_a_password_is_changed_with_the_current_one(api: UsersApi, cast: Cast) -> None:
    alice = await cast.person("alice")
    body = {
        "current_password": PASSWORD,
        "new_password": "staple incorrectly",
        "session_id": alice["session"]["id"],
    }
    alice_id = alice["user"]["id"]
    assert (await api.put("/me/password", alice_id, body)).status_code == 204
    again = await api.put("/me/password", alice_id, body)
    assert (again.status_code, again.json()["code"]) == (403, "wrong_password")
