"""Events of the follow graph over HTTP, as users sends them."""

from typing import Any

from tests.feed.cast import Cast, new_id
from tests.feed.fake_users import FakeUsers
from tests.feed.feed_api import FeedApi


def _event(**changed: Any) -> dict[str, Any]:
    event = {"id": 1, "kind": "follow", "actor_id": new_id(), "subject_id": new_id(), "version": 1}
    return {**event, **changed}


async def test_a_batch_of_events_is_applied(
    api: FeedApi, cast: Cast, fake_users: FakeUsers
) -> None:
    alice, bob = new_id(), new_id()
    posts = await cast.has_published(alice, 2)
    assert await cast.home_ids(bob) == []
    fake_users.follow(bob, alice)
    events = [_event(actor_id=bob, subject_id=alice), _event(kind="unfollow"), _event(kind="block")]
    assert (await api.post("/events", {"events": events})).status_code == 204
    assert await cast.home_ids(bob) == posts


async def test_an_empty_batch_is_accepted_and_a_too_large_one_is_refused(api: FeedApi) -> None:
    assert (await api.post("/events", {"events": []})).status_code == 204
    assert (await api.post("/events", {"events": [_event()] * 501})).status_code == 422


async def test_events_of_another_shape_are_refused(api: FeedApi) -> None:
    for changed in ({"kind": "poke"}, {"actor_id": 0}, {"version": 2**63}, {"id": "x"}):
        reply = await api.post("/events", {"events": [_event(**changed)]})
        assert reply.status_code == 422
