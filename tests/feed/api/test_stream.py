"""The stream over HTTP, as gateways call."""

import asyncio

from services.feed.resources import Resources
from tests.feed.cast import Cast, new_id
from tests.feed.fake_users import FakeUsers
from tests.feed.feed_api import FeedApi


async def test_listening_followers_are_told_of_a_delivered_post(
    api: FeedApi, cast: Cast, fake_users: FakeUsers
) -> None:
    alice, bob, carol = new_id(), new_id(), new_id()
    fake_users.follow(bob, alice)
    fake_users.follow(carol, alice)
    begin = (await api.post("/stream/events", {})).json()["last_id"]
    assert (await api.post("/stream/listeners", {"viewer_ids": [bob]})).json() == {"known": []}
    post = await cast.publishes(alice)
    await cast.delivers(post, alice)
    told = (await api.post("/stream/events", {"after": begin})).json()
    (event,) = told["events"]
    assert (event["kind"], event["viewer_ids"]) == ("home", [bob])
    assert event["about"] == [{"post_id": str(post)}]
    assert told["last_id"] == event["id"]


async def test_a_waiting_reader_is_told_at_once(api: FeedApi, resources: Resources) -> None:
    bob = new_id()
    begin = (await api.post("/stream/events", {})).json()["last_id"]
    await api.post("/stream/listeners", {"viewer_ids": [bob]})
    waiting = asyncio.create_task(api.post("/stream/events", {"after": begin, "wait_ms": 2000}))
    await resources.stream.tell("activity", [bob], [])
    (event,) = (await waiting).json()["events"]
    assert event["viewer_ids"] == [bob]


async def test_the_owner_of_a_photo_is_told_its_outcome(api: FeedApi) -> None:
    bob = new_id()
    begin = (await api.post("/stream/events", {})).json()["last_id"]
    await api.post("/stream/listeners", {"viewer_ids": [bob]})
    ended = {"owner_id": bob, "photo_id": 5, "state": "ready"}
    assert (await api.post("/stream/photos", ended)).status_code == 204
    (event,) = (await api.post("/stream/events", {"after": begin})).json()["events"]
    assert (event["kind"], event["viewer_ids"]) == ("photo", [bob])
    assert event["about"] == [{"what": "ready", "photo_id": "5"}]
    refused = await api.post("/stream/photos", {**ended, "state": "processing"})
    assert refused.status_code == 422


async def test_without_new_events_the_reply_is_empty_and_keeps_the_position(api: FeedApi) -> None:
    begin = (await api.post("/stream/events", {})).json()["last_id"]
    reply = await api.post("/stream/events", {"after": begin})
    assert reply.json() == {"events": [], "last_id": begin}


async def test_values_out_of_bounds_are_refused(api: FeedApi) -> None:
    for params in ({"after": "x"}, {"after": "5"}, {"after": "5-0", "wait_ms": 2001}):
        assert (await api.post("/stream/events", params)).status_code == 422
    too_many = {"viewer_ids": [1] * 1001}
    assert (await api.post("/stream/listeners", too_many)).status_code == 422
