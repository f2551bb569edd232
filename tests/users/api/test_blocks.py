"""Blocks and mutes over HTTP."""

from tests.users.cast import Cast
from tests.users.users_api import UsersApi


async def test_blocks_and_mutes_are_listed_for_their_owner(api: UsersApi, cast: Cast) -> None:
    alice, bob, carol = await cast.user_ids("alice", "bob", "carol")
    for path in (f"/users/{bob}/block", f"/users/{carol}/mute"):
        assert (await api.put(path, alice)).status_code == 200
    blocks = (await api.get("/me/blocks", alice)).json()["items"]
    mutes = (await api.get("/me/mutes", alice)).json()["items"]
    assert [(card["id"], card["may_view"]) for card in blocks] == [(bob, False)]
    assert [(card["id"], card["may_view"]) for card in mutes] == [(carol, True)]
    assert (await api.get("/me/blocks", bob)).json()["items"] == []
    for path in (f"/users/{bob}/block", f"/users/{carol}/mute"):
        assert (await api.delete(path, alice)).status_code == 200
    assert (await api.get("/me/blocks", alice)).json()["items"] == []
    assert (await api.get("/me/mutes", alice)).json()["items"] == []


async def test_a_person_who_blocks_the_viewer_leaves_the_viewers_mutes(
    api: UsersApi, cast: Cast
) -> None:
    alice, bob = await cast.user_ids("alice", "bob")
    await api.put(f"/users/{bob}/mute", alice)
    await api.put(f"/users/{alice}/block", bob)
    assert (await api.get("/me/mutes", alice)).json()["items"] == []
