"""The routes of search and suggestions."""

from tests.users.cast import Cast
from tests.users.users_api import UsersApi


async def test_search_needs_no_viewer_and_bounds_its_query(api: UsersApi, cast: Cast) -> None:
    alice = (await cast.person("alice"))["user"]
    reply = await api.get(f"/users/search?q={alice['username']}")
    assert [card["id"] for card in reply.json()["items"]] == [alice["id"]]
    for query in ("", "?q=", f"?q={'a' * 65}"):
        assert (await api.get(f"/users/search{query}")).status_code == 422


async def test_suggestions_need_a_viewer(api: UsersApi, cast: Cast) -> None:
    assert (await api.get("/users/suggested")).status_code == 401
    reply = await api.get("/users/suggested", await cast.user_id("alice"))
    assert reply.json() == {"items": [], "next_cursor": None}
