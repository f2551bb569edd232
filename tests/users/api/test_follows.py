"""The follow graph over HTTP."""

from typing import Any

from services.users.resources import Resources
from shared.edges.edges import Edges
from shared.sql_files import parse_query
from tests.users.cast import Cast
from tests.users.users_api import UsersApi


async def _all_pages(api: UsersApi, path: str, viewer: int, limit: int) -> list[list[Any]]:
    pages, cursor = [], ""
    while True:
        page = (await api.get(f"{path}?limit={limit}{cursor}", viewer)).json()
        pages.append([card["id"] for card in page["items"]])
        if page["next_cursor"] is None:
            return pages
        cursor = f"&cursor={page['next_cursor']}"


async def test_following_and_unfollowing_reply_with_the_relationship(
    api: UsersApi, cast: Cast
) -> None:
    alice, bob = await cast.user_ids("alice", "bob")
    for _twice in range(2):
        followed = await api.put(f"/users/{bob}/follow", alice)
        assert followed.status_code == 200
        assert followed.json()["relationship"]["following"] is True
    for _twice in range(2):
        unfollowed = await api.delete(f"/users/{bob}/follow", alice)
        assert unfollowed.status_code == 200
        assert unfollowed.json()["relationship"]["following"] is False


async def test_oneself_gives_422_an_unknown_person_404_and_no_viewer_401(
    api: UsersApi, cast: Cast
) -> None:
    alice = await cast.user_id("alice")
    own = await api.put(f"/users/{alice}/follow", alice)
    assert (own.status_code, own.json()["code"]) == (422, "own_account")
    assert (await api.put(f"/users/{2**50}/follow", alice)).status_code == 404
    assert (await api.put(f"/users/{alice}/follow")).status_code == 401


async def test_followers_and_following_are_paged_newest_first(api: UsersApi, cast: Cast) -> None:
    alice, *fans = await cast.user_ids("alice", *["fan"] * 5)
    for fan in fans:
        await api.put(f"/users/{alice}/follow", fan)
    newest_first = fans[::-1]
    pages = await _all_pages(api, f"/users/{alice}/followers", fans[0], limit=2)
    assert pages == [newest_first[:2], newest_first[2:4], newest_first[4:]]
    assert await _all_pages(api, f"/users/{fans[0]}/following", alice, limit=2) == [[alice]]


async def test_a_limit_out_of_bounds_and_a_malformed_cursor_give_422(
    api: UsersApi, cast: Cast
) -> None:
    alice = await cast.user_id("alice")
    for query in ("limit=0", "limit=81", "cursor=strange", "cursor=%00"):
        response = await api.get(f"/users/{alice}/followers?{query}", alice)
        assert response.status_code == 422


async def test_strangers_get_404_for_the_lists_of_a_private_person(
    api: UsersApi, cast: Cast, resources: Resources
) -> None:
    alice, bob, carol = await cast.user_ids("alice", "bob", "carol")
    await api.put(f"/users/{alice}/follow", bob)
    text = "UPDATE :schema.profile SET is_private = true WHERE user_id = :user_id"
    async with resources.group.writer(resources.group.shard_of(alice)) as tx:
        await tx.execute(parse_query("make_private", text), user_id=alice)
    for path in ("followers", "following"):
        statuses = {
            viewer: (await api.get(f"/users/{alice}/{path}", viewer)).status_code
            for viewer in (alice, bob, carol, None)
        }
        assert statuses == {alice: 200, bob: 200, carol: 404, None: 404}
    profile = await api.get(f"/users/{alice}", carol)
    assert (profile.status_code, profile.json()["may_view"]) == (200, False)


async def test_lists_leave_out_people_who_block_or_are_blocked(
    api: UsersApi, cast: Cast, resources: Resources
) -> None:
    alice, bob, carol = await cast.user_ids("alice", "bob", "carol")
    await api.put(f"/users/{alice}/follow", bob)
    await Edges(resources.group, "block").put(bob, carol)
    assert await _all_pages(api, f"/users/{alice}/followers", carol, limit=5) == [[]]
    page = (await api.get(f"/users/{alice}/followers", carol)).json()
    assert (page["items"], page["hidden_count"]) == ([], 1)
    assert (await api.get(f"/users/{alice}/followers")).json()["hidden_count"] == 0
    assert (await api.get(f"/users/{bob}", carol)).status_code == 404


async def test_all_ids_come_in_ascending_pages(api: UsersApi, cast: Cast) -> None:
    alice, *fans = await cast.user_ids("alice", *["fan"] * 4)
    for fan in fans:
        await api.put(f"/users/{alice}/follow", fan)
    first = (await api.get(f"/users/{alice}/follower-ids?limit=3")).json()
    assert first == {"ids": sorted(fans)[:3], "next_after": sorted(fans)[2], "total": 4}
    rest = await api.get(f"/users/{alice}/follower-ids?limit=3&after={first['next_after']}")
    assert rest.json() == {"ids": sorted(fans)[3:], "next_after": None, "total": None}
    assert (await api.get(f"/users/{fans[0]}/following-ids")).json()["ids"] == [alice]
