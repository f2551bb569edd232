"""From a sign-up to a forgotten password and back, as phone, mailbox and operators see it."""

import httpx

from tests.journeys.mailbox import code_to, link_to
from tests.journeys.phone import PASSWORD, account
from tests.suite import Suite

_NEW = "staple incorrectly battery"


async def test_an_account_is_verified_lost_found_moved_and_moved_back(
    stranger: httpx.AsyncClient, suite: Suite
) -> None:
    new = account("alice")
    made = (await stranger.post("/v1/users", json=new)).json()
    me = {"Authorization": f"Bearer {made['session']['access_token']}"}
    code = await code_to(suite, new["email"])
    reply = await stranger.put("/v1/me/email/verification", json={"code": code}, headers=me)
    assert reply.json()["email_is_verified"] is True

    wish = await stranger.post("/v1/password-resets", json={"login": new["email"]})
    nobodys = await stranger.post("/v1/password-resets", json={"login": f"x{new['email']}"})
    assert (wish.status_code, wish.content) == (nobodys.status_code, nobodys.content) == (202, b"")
    code = await code_to(suite, new["email"], "new password")
    reset = {"login": new["email"], "code": code, "new_password": _NEW}
    assert (await stranger.put("/v1/password-resets", json=reset)).status_code == 204
    again = await stranger.post("/v1/sessions", json={"login": new["email"], "password": PASSWORD})
    assert again.status_code == 401
    signed_in = await stranger.post("/v1/sessions", json={"login": new["email"], "password": _NEW})
    me = {"Authorization": f"Bearer {signed_in.json()['session']['access_token']}"}

    moved = f"{new['username']}@new.example"
    wish = await stranger.post("/v1/me/email", json={"email": moved, "password": _NEW}, headers=me)
    assert wish.status_code == 202
    code = await code_to(suite, moved)
    reply = await stranger.put("/v1/me/email", json={"code": code}, headers=me)
    assert (reply.json()["email"], reply.json()["email_is_verified"]) == (moved, True)

    link = await link_to(suite, new["email"], "new e-mail address")
    undone = await stranger.post("/v1/links", json={"link": link})
    assert undone.json() == {"purpose": "undo_address"}
    login = {"login": new["email"], "password": _NEW}
    back = await stranger.post("/v1/sessions", json=login)
    assert back.json()["user"]["email"] == new["email"]
