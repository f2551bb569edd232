"""Follows: true in the actor's shard, the same from both sides, told to feed once."""

import asyncio
import random

import pytest

from services.users.actions.follow import follow
from services.users.actions.get_visible_profile import get_visible_profile
from services.users.actions.unfollow import unfollow
from services.users.domain.following import OwnAccount
from services.users.resources import Resources
from shared.edges.edges import EdgeCounts, Edges
from shared.errors import NotFound
from shared.sql_files import parse_query
from tests.users.cast import Cast

_EVENTS = parse_query(
    "events",
    "SELECT payload FROM :schema.outbox WHERE topic = 'graph'"
    " AND (payload->>'actor_id')::bigint = :actor_id ORDER BY position",
)
_MAKE_PRIVATE = parse_query(
    "make_private", "UPDATE :schema.profile SET is_private = true WHERE user_id = :user_id"
)


async def _make_private(resources: Resources, user_id: int) -> None:
    async with resources.group.writer(resources.group.shard_of(user_id)) as tx:
        assert await tx.execute(_MAKE_PRIVATE, user_id=user_id) == 1


async def _events(resources: Resources, actor_id: int) -> list[str]:
    rows = await resources.group.reader(resources.group.shard_of(actor_id)).rows(
        _EVENTS, actor_id=actor_id
    )
    return [row["payload"]["kind"] for row in rows]


async def test_a_follow_shows_on_both_sides_at_once(resources: Resources, cast: Cast) -> None:
    alice, bob = await cast.user_ids("alice", "bob")
    relationship = await follow(resources.group, resources.follows, resources.feed, alice, bob)
    assert relationship["following"]
    assert not relationship["requested"]
    seen_by_bob = await get_visible_profile(resources.group, bob, alice)
    assert seen_by_bob.relation.followed_by
    assert seen_by_bob.person.following_count == 1
    assert (await get_visible_profile(resources.group, alice, bob)).person.followers_count == 1


async def test_following_twice_changes_nothing_and_tells_feed_once(
    resources: Resources, cast: Cast
) -> None:
    alice, bob = await cast.user_ids("alice", "bob")
    first = await follow(resources.group, resources.follows, resources.feed, alice, bob)
    assert await follow(resources.group, resources.follows, resources.feed, alice, bob) == first
    assert await _events(resources, alice) == ["follow"]
    assert (await get_visible_profile(resources.group, alice, bob)).person.followers_count == 1


async def test_unfollowing_ends_the_follow_and_repeating_it_changes_nothing(
    resources: Resources, cast: Cast
) -> None:
    alice, bob = await cast.user_ids("alice", "bob")
    await follow(resources.group, resources.follows, resources.feed, alice, bob)
    first = await unfollow(resources.group, resources.follows, resources.feed, alice, bob)
    assert not first["following"]
    assert await unfollow(resources.group, resources.follows, resources.feed, alice, bob) == first
    assert await _events(resources, alice) == ["follow", "unfollow"]
    assert (await get_visible_profile(resources.group, alice, bob)).person.followers_count == 0


async def test_unfollowing_somebody_never_followed_tells_feed_nothing(
    resources: Resources, cast: Cast
) -> None:
    alice, bob = await cast.user_ids("alice", "bob")
    await unfollow(resources.group, resources.follows, resources.feed, alice, bob)
    assert await _events(resources, alice) == []


async def test_nobody_follows_themselves(resources: Resources, cast: Cast) -> None:
    alice = await cast.user_id("alice")
    with pytest.raises(OwnAccount):
        await follow(resources.group, resources.follows, resources.feed, alice, alice)
    with pytest.raises(OwnAccount):
        await unfollow(resources.group, resources.follows, resources.feed, alice, alice)


async def test_an_unknown_person_cannot_be_followed(resources: Resources, cast: Cast) -> None:
    alice = await cast.user_id("alice")
    with pytest.raises(NotFound):
        await follow(resources.group, resources.follows, resources.feed, alice, 2**50)


async def test_a_private_account_gets_a_request_and_feed_hears_only_of_that(
    resources: Resources, cast: Cast
) -> None:
    alice, bob = await cast.user_ids("alice", "bob")
    await _make_private(resources, bob)
    relationship = await follow(resources.group, resources.follows, resources.feed, alice, bob)
    assert relationship["requested"]
    assert not relationship["following"]
    assert await _events(resources, alice) == ["request"]
    assert (await get_visible_profile(resources.group, alice, bob)).person.followers_count == 0


async def test_a_follower_stays_when_the_account_becomes_private(
    resources: Resources, cast: Cast
) -> None:
    alice, bob = await cast.user_ids("alice", "bob")
    await follow(resources.group, resources.follows, resources.feed, alice, bob)
    await _make_private(resources, bob)
    assert (await follow(resources.group, resources.follows, resources.feed, alice, bob))[
        "following"
    ]


@pytest.mark.parametrize("end", ["blocker", "blocked"])
async def test_a_blocked_viewer_cannot_follow(resources: Resources, cast: Cast, end: str) -> None:
    alice, bob = await cast.user_ids("alice", "bob")
    blocks = Edges(resources.group, "block")
    await blocks.put(*((alice, bob) if end == "blocker" else (bob, alice)))
    with pytest.raises(NotFound):
        await follow(resources.group, resources.follows, resources.feed, alice, bob)


async def test_two_hundred_concurrent_follows_and_unfollows_end_in_one_state(
    resources: Resources, cast: Cast
) -> None:
    alice, bob = await cast.user_ids("alice", "bob")
    gate = asyncio.Semaphore(8)  # As many as the pool has connections; more would be refused.

    async def toggle(action: int) -> None:
        async with gate:
            change = follow if action else unfollow
            await change(resources.group, resources.follows, resources.feed, alice, bob)

    actions = [n % 2 for n in range(200)]
    random.Random(7).shuffle(actions)
    await asyncio.gather(*(toggle(action) for action in actions))
    out = await resources.follows.states(alice, [bob])
    assert await resources.follows.states_in(bob, [alice]) == ({alice: "active"} if out else {})
    counts = await resources.follows.counts([alice, bob])
    assert counts == {alice: EdgeCounts(0, len(out)), bob: EdgeCounts(len(out), 0)}
    kinds = await _events(resources, alice)
    assert kinds == (["follow", "unfollow"] * len(kinds))[: len(kinds)]
