"""An account that becomes public has no open requests left."""

import pytest

from services.users.actions.accept_requests import (
    OPENED_TOPIC,
    accept_if_public,
    accept_requests,
)
from services.users.actions.edit_profile import edit_profile
from services.users.domain.edge_kinds import REQUESTED
from services.users.resources import Resources
from services.users.store.relations import page_of_requesters
from shared.sharding.outbox import OutboxEvent
from shared.sql_files import parse_query
from tests.users.cast import Cast

_OPENED = parse_query(
    "opened",
    "SELECT position, payload FROM :schema.outbox WHERE topic = 'opened'"
    " AND (payload->>'user_id')::bigint = :user_id ORDER BY position",
)


async def _private_with_requests(resources: Resources, cast: Cast) -> tuple[int, list[int]]:
    alice, *asking = await cast.user_ids("alice", "bob", "carol", "dave")
    await edit_profile(
        resources.group, resources.upload, resources.tokens, alice, {"is_private": True}
    )
    for requester in asking:
        await resources.follows.put(requester, alice, REQUESTED)
    return alice, asking


async def _opened(resources: Resources, user_id: int) -> list[OutboxEvent]:
    shard = resources.group.shard_of(user_id)
    rows = await resources.group.reader(shard).rows(_OPENED, user_id=user_id)
    return [OutboxEvent(row["position"], shard, OPENED_TOPIC, row["payload"], None) for row in rows]


async def test_open_requests_become_follows_once_the_account_is_public(
    resources: Resources, cast: Cast
) -> None:
    alice, asking = await _private_with_requests(resources, cast)
    await edit_profile(
        resources.group, resources.upload, resources.tokens, alice, {"is_private": False}
    )
    events = await _opened(resources, alice)
    assert len(events) == 1
    for _twice in range(2):
        await accept_requests(resources.group, resources.follows, events)
        states = await resources.follows.states_in(alice, asking)
        assert states == dict.fromkeys(asking, "active")
    assert (await resources.follows.counts([alice]))[alice].in_count == len(asking)


async def test_many_requests_are_accepted_in_several_steps(
    resources: Resources, cast: Cast
) -> None:
    alice, asking = await _private_with_requests(resources, cast)
    await edit_profile(
        resources.group, resources.upload, resources.tokens, alice, {"is_private": False}
    )
    seen = 0
    while len(events := await _opened(resources, alice)) > seen:
        await accept_requests(resources.group, resources.follows, events[seen:], at_once_max=2)
        seen = len(events)
    assert seen == 2
    page = await page_of_requesters(resources.group, alice, limit=10, cursor=None)
    assert page.ids == []
    assert len(await resources.follows.states_in(alice, asking)) == len(asking)


@pytest.mark.parametrize("changes", [{"is_private": True}, {"bio": "fog"}])
async def test_nobody_is_accepted_while_the_account_is_private(
    resources: Resources, cast: Cast, changes: dict[str, object]
) -> None:
    alice, asking = await _private_with_requests(resources, cast)
    await edit_profile(resources.group, resources.upload, resources.tokens, alice, changes)
    assert await _opened(resources, alice) == []
    assert not await accept_if_public(resources.group, resources.follows, asking[0], alice)
    assert await resources.follows.states_in(alice, asking) == dict.fromkeys(asking, REQUESTED)


async def test_a_withdrawn_request_does_not_become_a_follow(
    resources: Resources, cast: Cast
) -> None:
    alice, [bob, *_others] = await _private_with_requests(resources, cast)
    await edit_profile(
        resources.group, resources.upload, resources.tokens, alice, {"is_private": False}
    )
    await resources.follows.remove(bob, alice)
    assert await accept_if_public(resources.group, resources.follows, bob, alice)
    assert await resources.follows.states(bob, [alice]) == {}
