"""Likes and saves over HTTP, as the gateway calls."""

from tests.feed.cast import Cast, new_id
from tests.feed.feed_api import FeedApi


async def test_a_like_replies_with_its_state_and_the_count(api: FeedApi, cast: Cast) -> None:
    post, bob = await cast.publishes(new_id()), new_id()
    for _ in range(2):
        reply = await api.put(f"/posts/{post}/like", bob)
        assert (reply.status_code, reply.json()) == (200, {"liked": True, "like_count": 1})
    assert (await api.get(f"/posts/{post}/likes", bob)).json()["ids"] == [bob]
    assert [one["id"] for one in (await api.get("/me/likes", bob)).json()["items"]] == [post]
    for _ in range(2):
        reply = await api.delete(f"/posts/{post}/like", bob)
        assert (reply.status_code, reply.json()) == (200, {"liked": False, "like_count": 0})
    assert (await api.put(f"/posts/{new_id()}/like", bob)).status_code == 404


async def test_a_saved_post_says_so_and_is_listed(api: FeedApi, cast: Cast) -> None:
    post, bob = await cast.publishes(new_id()), new_id()
    assert (await api.put(f"/posts/{post}/save", bob)).json() == {"saved": True}
    assert (await api.get(f"/posts/{post}", bob)).json()["saved"] is True
    (saved,) = (await api.get("/me/saves", bob)).json()["items"]
    assert (saved["id"], saved["saved"]) == (post, True)
    assert (await api.delete(f"/posts/{post}/save", bob)).json() == {"saved": False}
    assert (await api.get("/me/saves", bob)).json()["items"] == []


async def test_likers_are_paged_with_the_newest_first(api: FeedApi, cast: Cast) -> None:
    post = await cast.publishes(new_id())
    people = [new_id() for _ in range(3)]
    for person in people:
        await api.put(f"/posts/{post}/like", person)
    first = (await api.get(f"/posts/{post}/likes", new_id(), limit=2)).json()
    rest = await api.get(f"/posts/{post}/likes", new_id(), limit=2, cursor=first["next_cursor"])
    assert [*first["ids"], *rest.json()["ids"]] == people[::-1]


async def test_a_withdrawn_post_lists_no_likers(api: FeedApi, cast: Cast) -> None:
    alice = new_id()
    post = await cast.publishes(alice)
    assert (await api.get(f"/posts/{post}/likes", alice)).json()["author_id"] == alice
    await api.delete(f"/posts/{post}", alice)
    assert (await api.get(f"/posts/{post}/likes", alice)).status_code == 404


async def test_an_edit_replies_with_the_new_caption(api: FeedApi, cast: Cast) -> None:
    alice = new_id()
    post = await cast.publishes(alice, "Fog")
    reply = await api.patch(f"/posts/{post}", {"caption": "Sun #noon"}, alice)
    assert (reply.status_code, reply.json()["hashtags"]) == (200, ["noon"])
    assert (await api.patch(f"/posts/{post}", {"caption": "Mine"}, new_id())).status_code == 403
    refused = await api.patch(f"/posts/{post}", {"caption": "x" * 2201}, alice)
    assert [error["field"] for error in refused.json()["errors"]] == ["caption"]
