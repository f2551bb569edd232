"""The home timeline over HTTP."""

from tests.feed.cast import Cast, new_id
from tests.feed.fake_users import FakeUsers
from tests.feed.feed_api import FeedApi


async def test_the_home_timeline_is_paged_and_reports_completeness(
    api: FeedApi, cast: Cast, fake_users: FakeUsers
) -> None:
    alice, bob = new_id(), new_id()
    fake_users.follow(bob, alice)
    posts = await cast.has_published(alice, 5)
    seen: list[int] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await api.get("/timelines/home", bob, limit=2, **cursor)).json()
        assert page["completeness"] == "complete"
        seen += [post["id"] for post in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert seen == posts


async def test_a_missing_timeline_gives_503_while_users_is_away(
    api: FeedApi, fake_users: FakeUsers
) -> None:
    fake_users.is_away = True
    reply = await api.get("/timelines/home", new_id())
    assert (reply.status_code, reply.json()["status"]) == (503, 503)
