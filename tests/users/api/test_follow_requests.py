"""Follow requests over HTTP."""

from tests.users.cast import Cast
from tests.users.users_api import UsersApi


async def test_a_request_is_listed_and_accepted_and_the_follower_removed(
    api: UsersApi, cast: Cast
) -> None:
    alice, bob = await cast.user_ids("alice", "bob")
    await api.patch("/me", {"is_private": True}, alice)
    asked = await api.put(f"/users/{alice}/follow", bob)
    assert asked.json()["relationship"]["requested"] is True
    listed = (await api.get("/me/follow-requests", alice)).json()
    assert [card["id"] for card in listed["items"]] == [bob]
    accepted = await api.put(f"/me/follow-requests/{bob}", alice)
    assert accepted.json()["relationship"]["followed_by"] is True
    assert (await api.get("/me/follow-requests", alice)).json()["items"] == []
    removed = await api.delete(f"/me/followers/{bob}", alice)
    assert removed.json()["relationship"]["followed_by"] is False


async def test_a_request_is_refused(api: UsersApi, cast: Cast) -> None:
    alice, bob = await cast.user_ids("alice", "bob")
    await api.patch("/me", {"is_private": True}, alice)
    await api.put(f"/users/{alice}/follow", bob)
    assert (await api.delete(f"/me/follow-requests/{bob}", alice)).status_code == 200
    assert (await api.put(f"/me/follow-requests/{bob}", alice)).status_code == 404
