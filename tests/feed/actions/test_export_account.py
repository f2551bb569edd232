"""Feed exports an account page by page, without data of others."""

from typing import Any

import pytest

from services.feed.actions import export_account as action
from services.feed.actions.like_post import like_post
from services.feed.domain.activity import Deed
from services.feed.resources import Resources
from services.feed.store.activities import Told, note_activities
from tests.feed.cast import Cast, new_id
from tests.feed.feed_api import FeedApi

_PAGES_MAX = 50


async def _documents(api: FeedApi, user_id: int) -> dict[str, list[dict[str, Any]]]:
    documents: dict[str, list[dict[str, Any]]] = {}
    params: dict[str, str] = {}
    for _page in range(_PAGES_MAX):
        reply = await api.get(f"/accounts/{user_id}/export", None, **params)
        assert reply.status_code == 200, reply.text
        page = reply.json()
        documents.setdefault(page["document"], []).extend(page["items"])
        if page["next_cursor"] is None:
            return documents
        params = {"cursor": page["next_cursor"]}
    raise AssertionError("there is no end to it")


async def test_each_post_and_like_is_exported_once(
    api: FeedApi, cast: Cast, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(action, "PAGE_MAX", 2)
    alice, bob = new_id(), new_id()
    of_alice = await cast.has_published(alice, 5)
    of_bob = await cast.has_published(bob, 4)
    for post_id in of_bob:
        await like_post(resources.group, resources.bodies, resources.likes, post_id, alice)
    documents = await _documents(api, alice)
    assert sorted(post["id"] for post in documents["posts"]) == sorted(of_alice)
    assert [like["post_id"] for like in documents["likes"]] == sorted(of_bob)


async def test_comments_saves_and_activity_are_exported(
    api: FeedApi, cast: Cast, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(action, "PAGE_MAX", 2)
    alice, bob = new_id(), new_id()
    own, others = await cast.publishes(alice, "Fog"), await cast.has_published(bob, 3)
    written = [await cast.comments(alice, post_id, "Lovely") for post_id in others]
    deleted = await cast.comments(alice, others[0], "Oops")
    await cast.deletes_comment(alice, deleted)
    liked = await cast.comments(bob, own, "Mine")
    await resources.comment_likes.put(alice, liked)
    await resources.saves.put(alice, others[0])
    await api.patch(f"/posts/{own}", {"caption": "Sun"}, alice)
    await note_activities(resources.group, [Told(alice, Deed("comment", liked, bob, own, liked))])
    documents = await _documents(api, alice)
    assert [one["id"] for one in documents["comments"]] == sorted(written)
    assert documents["comments"][0]["text"] == "Lovely"
    assert documents["comment_likes"] == [{"comment_id": liked}]
    assert documents["saves"] == [{"post_id": others[0]}]
    assert [one["caption"] for one in documents["former_captions"]] == ["Fog"]
    assert [one["actor_id"] for one in documents["activity"]] == [bob]


async def test_a_malformed_cursor_is_refused(api: FeedApi) -> None:
    reply = await api.get(f"/accounts/{new_id()}/export", cursor="abc")
    assert (reply.status_code, reply.json()["code"]) == (422, "invalid")


async def test_an_empty_account_exports_empty_documents(api: FeedApi) -> None:
    documents = await _documents(api, new_id())
    assert documents
    assert not any(documents.values())
