"""An audit reports what a timeline lacks, and a rebuild repairs it."""

from collections.abc import Callable
from dataclasses import replace

from redis import asyncio as aioredis

from services.feed.actions.audit_timelines import Audit, audit_timelines
from services.feed.actions.rebuild_timelines import REBUILD_RULES, Rebuilt, rebuild_timelines
from services.feed.actions.timeline_doubts import TimelineDoubts
from services.feed.actions.withdraw_post import withdraw_own_post
from services.feed.domain.skeletons import ABOVE_ALL
from services.feed.resources import Resources
from services.feed.store.home_timelines import home_key
from shared.ids import first_id_at
from shared.sharding.removal_rules import RemovalRules
from tests.feed.cast import Cast, new_id
from tests.feed.fake_users import FakeUsers


async def _audit_of(resources: Resources, reader_id: int, before: int = ABOVE_ALL) -> Audit:
    """Audit all readers, and keep only what concerns one."""
    audit = await audit_timelines(
        resources.timelines,
        resources.entries,
        resources.group,
        TimelineDoubts(resources.group, REBUILD_RULES),
        sample=10_000,
        delivered_before=before,
    )
    audit.lacking = [pair for pair in audit.lacking if pair[0] == reader_id]
    audit.strange = [pair for pair in audit.strange if pair[0] == reader_id]
    return audit


async def test_missing_and_wrong_entries_are_named_and_repaired(
    cast: Cast, resources: Resources, redis: aioredis.Redis, fake_users: FakeUsers
) -> None:
    alice, bob, carol = new_id(), new_id(), new_id()
    fake_users.follow(bob, alice)
    posts = await cast.has_published(alice, 5)
    (of_carol,) = await cast.has_published(carol, 1)
    assert sorted(await cast.home_ids(bob)) == sorted(posts)
    sound = await _audit_of(resources, bob)
    assert (sound.lacking, sound.strange) == ([], [])
    await redis.lrem(home_key(bob), 0, str(posts[2]))
    await resources.timelines.push(of_carol, [bob])
    audit = await _audit_of(resources, bob)
    assert (audit.lacking, audit.strange) == ([(bob, posts[2])], [(bob, of_carol)])
    assert audit.whole < audit.readers
    assert audit.share_complete < 1

    told: list[tuple[int, int]] = []

    def tell(done: int, of: int) -> None:
        told.append((done, of))

    done = await _rebuild(resources, bob, REBUILD_RULES, tell)
    assert (done.made, done.taken, done.reasons) == (1, 1, [])
    assert told == [(1, 1)]
    audit = await _audit_of(resources, bob)
    assert (audit.lacking, audit.strange) == ([], [])


async def test_an_unreadable_timeline_is_kept(
    cast: Cast, resources: Resources, fake_users: FakeUsers
) -> None:
    alice, bob = new_id(), new_id()
    fake_users.follow(bob, alice)
    posts = await cast.has_published(alice, 3)
    assert sorted(await cast.home_ids(bob)) == sorted(posts)
    fake_users.is_away = True
    done = await _rebuild(resources, bob, REBUILD_RULES)
    assert (done.made, done.unread) == (0, 1)
    assert "could not be read" in done.reasons[0]
    assert (await _ids_in_redis(resources, bob)) == sorted(posts)


async def test_a_rebuild_stops_before_it_removes_too_much(
    cast: Cast, resources: Resources, fake_users: FakeUsers
) -> None:
    """As if users had lost its follows: every post exists, but nobody follows its author."""
    alice, bob = new_id(), new_id()
    fake_users.follow(bob, alice)
    posts = await cast.has_published(alice, 4)
    assert sorted(await cast.home_ids(bob)) == sorted(posts)
    fake_users.followed.clear()
    rules = replace(REBUILD_RULES, at_least=3)
    done = await _rebuild(resources, bob, rules)
    assert done.made == 0
    assert "GO=1" in done.reasons[-1]
    assert (await _ids_in_redis(resources, bob)) == sorted(posts)
    done = await _rebuild(resources, bob, replace(rules, may_exceed=True))
    assert (done.made, done.reasons) == (1, [])
    assert (await _ids_in_redis(resources, bob)) == []


async def test_posts_of_a_recreated_shard_stay_in_timelines(
    cast: Cast, resources: Resources, fake_users: FakeUsers
) -> None:
    """The post's shard is younger than the post: an empty one has replaced it."""
    alice, bob = new_id(), new_id()
    fake_users.follow(bob, alice)
    await cast.home_ids(bob)
    lost = first_id_at(1_740_000_000_000) | (resources.group.shard_of(alice) << 10)
    await resources.timelines.push(lost, [bob])
    audit = await _audit_of(resources, bob)
    assert (bob, lost) in audit.lost
    assert any("made them anew" in reason for reason in audit.reasons)
    done = await _rebuild(resources, bob, REBUILD_RULES)
    assert (done.made, done.kept) == (0, 1)
    assert lost in await _ids_in_redis(resources, bob)
    home = next(
        primary.name
        for primary in resources.group.primaries()
        if resources.group.shard_of(alice) in resources.group.shards_on(primary.name)
    )
    done = await _rebuild(resources, bob, replace(REBUILD_RULES, lost=frozenset({home})))
    assert (done.made, done.reasons) == (1, [])


async def _rebuild(
    resources: Resources,
    reader_id: int,
    rules: RemovalRules,
    tell: Callable[[int, int], None] = lambda _done, _of: None,
) -> Rebuilt:
    return await rebuild_timelines(
        resources.timelines,
        resources.entries,
        resources.group,
        TimelineDoubts(resources.group, rules),
        reader_ids=[reader_id],
        tell=tell,
    )


async def _ids_in_redis(resources: Resources, reader_id: int) -> list[int]:
    opened = await resources.entries.find(reader_id)
    assert opened is not None
    return sorted(opened.skeleton.ids)


async def test_posts_under_delivery_and_withdrawn_posts_are_no_fault(
    cast: Cast, resources: Resources, fake_users: FakeUsers
) -> None:
    alice, bob = new_id(), new_id()
    fake_users.follow(bob, alice)
    (withdrawn,) = await cast.has_published(alice, 1)
    assert await cast.home_ids(bob) == [withdrawn]
    await withdraw_own_post(resources.group, resources.bodies, withdrawn, alice)
    (late,) = await cast.has_published(alice, 1)
    assert (await _audit_of(resources, bob, before=late)).lacking == []
    assert (await _audit_of(resources, bob)).lacking == [(bob, late)]
    assert (await _audit_of(resources, bob)).strange == []


async def test_every_reader_with_a_timeline_is_found(
    cast: Cast, resources: Resources, fake_users: FakeUsers
) -> None:
    alice, bob = new_id(), new_id()
    await cast.home(alice)
    readers = await resources.timelines.readers()
    assert alice in readers
    assert bob not in readers
