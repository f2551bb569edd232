"""Comments over HTTP, as the gateway calls."""

from tests.feed.cast import Cast, new_id
from tests.feed.feed_api import FeedApi


async def test_a_comment_is_written_once_per_key_then_read_liked_and_deleted(
    api: FeedApi, cast: Cast
) -> None:
    post, bob = await cast.publishes(new_id()), new_id()
    new = {"text": "Lovely #fog", "reply_to": None}
    made = await api.post(f"/posts/{post}/comments", new, bob, key="key")
    again = await api.post(f"/posts/{post}/comments", new, bob, key="key")
    assert (made.status_code, again.json()) == (201, made.json())
    comment = made.json()["id"]
    page = (await api.get(f"/posts/{post}/comments", bob)).json()
    assert [one["id"] for one in page["items"]] == [comment]
    assert (await api.get(f"/comments/{comment}", bob)).json()["text"] == "Lovely #fog"
    liked = await api.put(f"/comments/{comment}/like", bob)
    assert liked.json() == {"liked": True, "like_count": 1}
    unliked = await api.delete(f"/comments/{comment}/like", bob)
    assert unliked.json() == {"liked": False, "like_count": 0}
    assert (await api.delete(f"/comments/{comment}", new_id())).status_code == 403
    assert (await api.delete(f"/comments/{comment}", bob)).status_code == 204
    assert (await api.get(f"/comments/{comment}", bob)).status_code == 404


async def test_a_faulty_text_is_named_as_the_field(api: FeedApi, cast: Cast) -> None:
    post = await cast.publishes(new_id())
    reply = await api.post(f"/posts/{post}/comments", {"text": " "}, new_id())
    assert reply.status_code == 422
    assert [error["field"] for error in reply.json()["errors"]] == ["text"]


async def test_limits_outside_their_bounds_are_refused(api: FeedApi, cast: Cast) -> None:
    post = await cast.publishes(new_id())
    for params in ({"limit": 0}, {"limit": 81}, {"cursor": "x"}):
        assert (await api.get(f"/posts/{post}/comments", new_id(), **params)).status_code == 422
