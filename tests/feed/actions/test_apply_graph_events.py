"""Home timelines after follows, unfollows and blocks."""

from itertools import count

import pytest

from services.feed.actions.apply_graph_events import (
    BACK_FILL_MAX,
    apply_graph_events,
    confirm_graph_event,
)
from services.feed.domain.skeletons import Skeleton
from services.feed.resources import Resources
from shared.caching.redis_guard import RedisAway
from shared.contracts.people import EventKind, GraphEvent
from tests.feed.cast import Cast, new_id
from tests.feed.fake_users import FakeUsers

_VERSIONS = count(1)


def _event(kind: EventKind, actor: int, subject: int, version: int | None = None) -> GraphEvent:
    version = next(_VERSIONS) if version is None else version
    return {
        "id": version,
        "kind": kind,
        "actor_id": actor,
        "subject_id": subject,
        "version": version,
    }


async def _tell(resources: Resources, *events: GraphEvent) -> None:
    await apply_graph_events(
        resources.group,
        resources.timelines,
        resources.stream,
        events,
    )


async def test_a_follow_merges_the_followees_posts_into_an_existing_timeline(
    cast: Cast, resources: Resources, fake_users: FakeUsers
) -> None:
    alice, bob, carol = new_id(), new_id(), new_id()
    fake_users.follow(carol, alice)
    of_bob = await cast.has_published(bob, 3)
    of_alice = await cast.has_published(alice, 2)
    assert await cast.home_ids(carol) == of_alice
    fake_users.follow(carol, bob)
    await _tell(resources, _event("follow", carol, bob))
    fake_users.is_away = True
    assert await cast.home_ids(carol) == [*of_alice, *of_bob]


async def test_a_follow_creates_no_timeline_for_an_idle_reader(
    cast: Cast, resources: Resources
) -> None:
    alice, bob = new_id(), new_id()
    await cast.has_published(alice, 1)
    await _tell(resources, _event("follow", bob, alice))
    assert not await resources.timelines.exists(bob)


async def test_posts_beyond_the_merge_limit_are_read_from_postgres(
    cast: Cast, resources: Resources, fake_users: FakeUsers
) -> None:
    alice, bob = new_id(), new_id()
    assert await cast.home_ids(bob) == []
    posts = await cast.has_published(alice, BACK_FILL_MAX + 15)
    fake_users.follow(bob, alice)
    await _tell(resources, _event("follow", bob, alice))
    skeleton = await resources.timelines.find(bob)
    assert isinstance(skeleton, Skeleton)
    assert skeleton.ids == posts[:BACK_FILL_MAX]
    assert await cast.home_ids(bob, limit=40) == posts


async def test_a_merge_trims_the_list_to_its_cap_and_pages_have_no_gap(
    small: Resources, fake_users: FakeUsers
) -> None:
    alice, bob, carol = new_id(), new_id(), new_id()
    cast = Cast(small)
    fake_users.follow(carol, alice)
    posts = await cast.has_published(bob, 4)
    posts += await cast.has_published(alice, 4)
    assert len(await cast.home_ids(carol)) == 4
    fake_users.follow(carol, bob)
    await _tell(small, _event("follow", carol, bob))
    skeleton = await small.timelines.find(carol)
    assert isinstance(skeleton, Skeleton)
    assert skeleton.ids == sorted(posts, reverse=True)[:5]
    assert await cast.home_ids(carol, limit=3) == sorted(posts, reverse=True)


async def test_an_unfollow_removes_the_authors_posts(
    cast: Cast, resources: Resources, fake_users: FakeUsers
) -> None:
    alice, bob, carol = new_id(), new_id(), new_id()
    fake_users.follow(carol, alice, bob)
    of_alice = await cast.has_published(alice, 2)
    await cast.has_published(bob, 2)
    assert len(await cast.home_ids(carol)) == 4
    fake_users.unfollow(carol, bob)
    await _tell(resources, _event("unfollow", carol, bob))
    assert await cast.home_ids(carol) == of_alice


async def test_a_block_removes_each_from_the_others_timeline(
    cast: Cast, resources: Resources, fake_users: FakeUsers
) -> None:
    alice, bob = new_id(), new_id()
    fake_users.follow(alice, bob)
    fake_users.follow(bob, alice)
    of_alice = await cast.has_published(alice, 1)
    of_bob = await cast.has_published(bob, 1)
    assert len(await cast.home_ids(alice)) == len(await cast.home_ids(bob)) == 2
    fake_users.unfollow(alice, bob)
    fake_users.unfollow(bob, alice)
    await _tell(resources, _event("block", alice, bob))
    assert await cast.home_ids(alice) == of_alice
    assert await cast.home_ids(bob) == of_bob


async def test_an_older_follow_that_arrives_after_its_unfollow_is_ignored(
    cast: Cast, resources: Resources
) -> None:
    alice, bob = new_id(), new_id()
    await cast.has_published(alice, 2)
    follow, unfollow = _event("follow", bob, alice), _event("unfollow", bob, alice)
    await _tell(resources, follow, unfollow)
    assert await cast.home_ids(bob) == []
    await _tell(resources, follow)
    assert await cast.home_ids(bob) == []


async def test_a_repeated_event_changes_nothing(
    cast: Cast, resources: Resources, fake_users: FakeUsers
) -> None:
    alice, bob = new_id(), new_id()
    posts = await cast.has_published(alice, 3)
    assert await cast.home_ids(bob) == []
    fake_users.follow(bob, alice)
    follow = _event("follow", bob, alice)
    await _tell(resources, follow, follow)
    await _tell(resources, follow)
    assert await cast.home_ids(bob) == posts


async def test_the_version_of_one_pair_does_not_affect_another_pair(
    cast: Cast, resources: Resources, fake_users: FakeUsers
) -> None:
    alice, bob, carol = new_id(), new_id(), new_id()
    posts = await cast.has_published(alice, 1)
    assert await cast.home_ids(carol) == []
    fake_users.follow(carol, alice)
    await _tell(
        resources,
        _event("unfollow", bob, alice, version=2**40),
        _event("unfollow", alice, carol, version=2**40),
        _event("follow", carol, alice),
    )
    assert await cast.home_ids(carol) == posts


async def test_a_change_of_the_graph_voids_a_rebuild_under_way(
    cast: Cast, resources: Resources
) -> None:
    alice, bob = new_id(), new_id()
    await cast.has_published(alice, 1)
    for kind in ("follow", "unfollow"):
        token = await resources.timelines.begin_rebuild(bob)
        assert token is not None
        await _tell(resources, _event(kind, bob, alice))
        built = Skeleton([1], 0)
        assert not await resources.timelines.finish_rebuild(bob, token, built)


async def test_without_redis_the_events_must_be_sent_again(without_redis: Resources) -> None:
    with pytest.raises(RedisAway):
        await _tell(without_redis, _event("unfollow", new_id(), new_id()))


async def test_events_about_visibility_change_no_timeline(
    cast: Cast, resources: Resources, fake_users: FakeUsers
) -> None:
    alice, bob = new_id(), new_id()
    fake_users.follow(bob, alice)
    posts = await cast.has_published(alice, 1)
    assert await cast.home_ids(bob) == posts
    await _tell(resources, _event("privacy", alice, alice), _event("deletion", alice, alice))
    assert await cast.home_ids(bob) == posts


async def test_confirming_an_unfollow_corrects_a_delivery_that_overtook_it(
    cast: Cast, resources: Resources, fake_users: FakeUsers
) -> None:
    alice, bob = new_id(), new_id()
    unfollow = _event("unfollow", bob, alice)
    await _tell(resources, unfollow)
    assert await cast.home_ids(bob) == []
    late = await cast.publishes(alice)
    await resources.timelines.push(late, [bob])
    assert await cast.home_ids(bob) == [late]
    await confirm_graph_event(resources.group, resources.timelines, unfollow)
    assert await cast.home_ids(bob) == []


async def test_confirming_an_outdated_event_changes_nothing(
    cast: Cast, resources: Resources, fake_users: FakeUsers
) -> None:
    alice, bob = new_id(), new_id()
    unfollow, follow = _event("unfollow", bob, alice), _event("follow", bob, alice)
    await _tell(resources, unfollow, follow)
    fake_users.follow(bob, alice)
    posts = await cast.has_published(alice, 1)
    assert await cast.home_ids(bob) == posts
    fake_users.is_away = True
    await confirm_graph_event(resources.group, resources.timelines, unfollow)
    assert await cast.home_ids(bob) == posts
