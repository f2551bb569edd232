"""Posts over HTTP, as the gateway calls."""

from typing import Any

from tests.feed.cast import Cast, new_id
from tests.feed.fake_upload import FakeUpload
from tests.feed.fake_users import FakeUsers
from tests.feed.feed_api import FeedApi


def _new_post(**changed: Any) -> dict[str, Any]:
    return {"photo_ids": [new_id()], "caption": "Fog #morning", "place": None, **changed}


async def test_publishing_replies_201_and_repeats_the_same_post_for_its_key(
    api: FeedApi,
) -> None:
    alice, body = new_id(), _new_post()
    first = await api.post("/posts", body, alice, key="key-1")
    assert first.status_code == 201
    assert first.json()["hashtags"] == ["morning"]
    again = await api.post("/posts", body, alice, key="key-1")
    assert (again.status_code, again.json()) == (201, first.json())
    other = await api.post("/posts", _new_post(), alice, key="key-1")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


async def test_publishing_without_a_key_makes_a_post_each_time(api: FeedApi) -> None:
    alice = new_id()
    ids = {(await api.post("/posts", _new_post(), alice)).json()["id"] for _ in range(2)}
    assert len(ids) == 2


async def test_the_place_travels_as_it_came(api: FeedApi) -> None:
    place = {"name": "Old harbour", "lat": 53.5436, "lng": -9}
    reply = await api.post("/posts", _new_post(place=place), new_id())
    assert reply.json()["place"] == place
    shown = await api.get(f"/posts/{reply.json()['id']}", new_id())
    assert shown.json()["place"] == place


async def test_faults_of_a_draft_are_named_by_field(api: FeedApi) -> None:
    place = {"name": "", "lat": 91, "lng": 0}
    reply = await api.post("/posts", _new_post(photo_ids=[], place=place), new_id())
    assert reply.status_code == 422
    assert reply.headers["content-type"] == "application/problem+json"
    fields = [error["field"] for error in reply.json()["errors"]]
    assert fields == ["photo_ids", "place.name", "place.lat"]


async def test_text_that_postgres_cannot_store_is_refused_with_422(
    api: FeedApi,
) -> None:
    for caption in (r"\u0000", r"\ud83d", r"\u0007"):
        content = f'{{"photo_ids": [5], "caption": "{caption}"}}'
        reply = await api.post_text("/posts", content, new_id())
        assert reply.status_code in {400, 422}


async def test_uploads_refusal_of_a_photo_is_passed_on(
    api: FeedApi, fake_upload: FakeUpload
) -> None:
    body = _new_post()
    fake_upload.processing.update(body["photo_ids"])
    reply = await api.post("/posts", body, new_id())
    assert (reply.status_code, reply.json()["code"]) == (409, "photo_not_ready")
    assert reply.headers["retry-after"] == "2"


async def test_anybody_may_read_a_post_and_only_its_author_may_withdraw_it(
    api: FeedApi, cast: Cast, fake_users: FakeUsers
) -> None:
    alice, bob = new_id(), new_id()
    post = await cast.publishes(alice)
    assert (await api.get(f"/posts/{post}", bob)).json()["id"] == post
    refused = await api.delete(f"/posts/{post}", bob)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    fake_users.hide(alice, bob)
    assert (await api.delete(f"/posts/{post}", bob)).status_code == 404
    for _ in range(2):
        assert (await api.delete(f"/posts/{post}", alice)).status_code == 204
    assert (await api.get(f"/posts/{post}", alice)).status_code == 404


async def test_an_impossible_id_is_not_found(api: FeedApi) -> None:
    for post_id in ("0", "-1", str(2**63), str(2**80)):
        assert (await api.get(f"/posts/{post_id}", new_id())).status_code == 404
        assert (await api.get(f"/users/{post_id}/posts", new_id())).status_code == 404


async def test_a_persons_posts_are_paged(api: FeedApi, cast: Cast) -> None:
    alice, bob = new_id(), new_id()
    posts = await cast.has_published(alice, 3)
    first = (await api.get(f"/users/{alice}/posts", bob, limit=2)).json()
    second = await api.get(f"/users/{alice}/posts", bob, limit=2, cursor=first["next_cursor"])
    items = [*first["items"], *second.json()["items"]]
    assert [post["id"] for post in items] == posts
    assert second.json()["next_cursor"] is None


async def test_limits_and_cursors_outside_their_bounds_are_refused(api: FeedApi) -> None:
    for params in ({"limit": 0}, {"limit": 41}, {"cursor": "x"}, {"cursor": "W10"}):
        for path in (f"/users/{new_id()}/posts", "/timelines/home"):
            reply = await api.get(path, new_id(), **params)
            assert reply.status_code == 422


async def test_posts_are_counted_for_each_author_asked_for(api: FeedApi, cast: Cast) -> None:
    alice, bob = new_id(), new_id()
    await cast.has_published(alice, 2)
    reply = await api.post("/post-counts", {"ids": [alice, bob]})
    assert reply.json() == {"counts": {str(alice): 2, str(bob): 0}}
    assert (await api.post("/post-counts", {"ids": []})).json() == {"counts": {}}
    assert (await api.post("/post-counts", {"ids": [1] * 201})).status_code == 422


async def test_routes_about_a_viewer_refuse_calls_without_one(api: FeedApi) -> None:
    for path in ("/posts/5", "/users/5/posts", "/timelines/home"):
        assert (await api.get(path)).status_code == 401
    assert (await api.post("/posts", _new_post())).status_code == 401
    assert (await api.put("/posts/5/like")).status_code == 401
    assert (await api.delete("/posts/5")).status_code == 401


async def test_calls_without_an_internal_token_are_refused(api: FeedApi) -> None:
    for method, path in (("GET", "/timelines/home"), ("POST", "/events"), ("POST", "/post-counts")):
        assert (await api.client.request(method, path)).status_code == 401
