"""Relay handlers of users: all of them are repeatable."""

import pytest

from services.users.actions.confirm_names import NAMES_TOPIC, confirm_names, names_event
from services.users.actions.forget_sessions import SESSIONS_TOPIC, forget_sessions
from services.users.actions.tell_feed import GRAPH_TOPIC, graph_event, tell_feed
from services.users.domain.names import email_of, username_of
from services.users.resources import Resources
from services.users.store.directory import find_entry
from services.users.store.session_cache import SessionCache
from shared.errors import SessionEnded, Unavailable
from shared.sharding.outbox import OutboxEvent
from tests.absent_redis import redis_that_is_away
from tests.users.cast import Cast
from tests.users.fake_feed import FakeFeed
from tests.users.session_check import check_session


def _event(topic: str, payload: dict[str, object], position: int = 1) -> OutboxEvent:
    return OutboxEvent(position, 0, topic, payload, None)


async def test_confirming_names_again_changes_nothing(resources: Resources, cast: Cast) -> None:
    alice = (await cast.person("alice"))["user"]
    names = [username_of(alice["username"]), email_of(alice["email"])]
    event = _event(NAMES_TOPIC, names_event(alice["id"], confirmed=names))
    await confirm_names(resources.group, [event, event])
    entry = await find_entry(resources.group, username_of(alice["username"]))
    assert entry is not None
    assert entry.is_confirmed


async def test_an_ended_session_is_forgotten(resources: Resources, cast: Cast) -> None:
    alice = await cast.person("alice")
    token = alice["session"]["access_token"]
    await check_session(resources, token)
    event = _event(SESSIONS_TOPIC, {"ended": [alice["session"]["id"]]})
    await forget_sessions(resources.sessions, [event, event])
    with pytest.raises(SessionEnded):
        await check_session(resources, token)


async def test_an_end_unknown_to_redis_stays_in_the_outbox() -> None:
    nowhere = SessionCache(redis_that_is_away())
    with pytest.raises(Unavailable):
        await forget_sessions(nowhere, [_event(SESSIONS_TOPIC, {"ended": [1]})])


async def test_the_position_in_the_outbox_is_the_id_of_a_feed_event(
    resources: Resources, fake_feed: FakeFeed
) -> None:
    topic, payload = graph_event("follow", 2**40, 2, 5)
    await tell_feed(resources.feed, [_event(topic, payload, position=77)])
    assert topic == GRAPH_TOPIC
    assert fake_feed.events_of(2**40) == [
        {"id": 77, "kind": "follow", "actor_id": 2**40, "subject_id": 2, "version": 5}
    ]


async def test_events_wait_while_feed_is_away(resources: Resources, fake_feed: FakeFeed) -> None:
    fake_feed.is_away = True
    try:
        with pytest.raises(Unavailable):
            await tell_feed(resources.feed, [_event(*graph_event("follow", 1, 2, 5))])
    finally:
        fake_feed.is_away = False
