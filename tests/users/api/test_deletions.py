"""Deleting an account over HTTP, and its receipt."""

from tests.users.cast import PASSWORD, Cast
from tests.users.users_api import UsersApi


async def test_a_receipt_is_read_without_a_viewer(api: UsersApi, cast: Cast) -> None:
    alice = await cast.user_id("alice")
    reply = await api.post("/me/deletion", {"password": PASSWORD}, alice)
    assert reply.status_code == 202
    receipt_id = reply.json()["receipt_id"]
    read = await api.get(f"/deletions/{receipt_id}")
    assert read.status_code == 200
    assert read.json()["receipt_id"] == receipt_id
    assert (await api.get("/me", alice)).status_code == 401


async def test_a_wrong_password_is_refused(api: UsersApi, cast: Cast) -> None:
    alice = await cast.user_id("alice")
    reply = await api.post("/me/deletion", {"password": "another one"}, alice)
    assert (reply.status_code, reply.json()["code"]) == (403, "wrong_password")
    assert (await api.get("/me", alice)).status_code == 200


async def test_a_guessed_receipt_gives_404(api: UsersApi, cast: Cast) -> None:
    alice = await cast.user_id("alice")
    await api.post("/me/deletion", {"password": PASSWORD}, alice)
    for guessed in (f"{alice:x}.guess", f"{alice:x}.", f"{alice:x}", "zz.guess", f"{'f' * 16}.a"):
        assert (await api.get(f"/deletions/{guessed}")).status_code == 404
