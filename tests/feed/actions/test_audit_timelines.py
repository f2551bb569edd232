"""An audit tells what a timeline lacks, and a rebuild mends it."""

from redis import asyncio as aioredis

from services.feed.actions.audit_timelines import Audit, audit_timelines, rebuild_timelines
from services.feed.actions.withdraw_post import withdraw_own_post
from services.feed.domain.skeletons import ABOVE_ALL
from services.feed.resources import Resources
from services.feed.store.home_timelines import home_key
from tests.feed.cast import Cast, new_id
from tests.feed.fake_users import FakeUsers


async def _audit_of(resources: Resources, reader_id: int, before: int = ABOVE_ALL) -> Audit:
    """Of all readers, reduced to what concerns one."""
    audit = await audit_timelines(
        resources.timelines, resources.entries, resources.posts, 10_000, before
    )
    audit.lacking = [pair for pair in audit.lacking if pair[0] == reader_id]
    audit.strange = [pair for pair in audit.strange if pair[0] == reader_id]
    return audit


async def test_what_a_timeline_lacks_or_should_not_have_is_named_and_mended(
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

    assert await rebuild_timelines(resources.timelines, resources.entries, [bob], tell) == 1
    assert told == [(1, 1)]
    audit = await _audit_of(resources, bob)
    assert (audit.lacking, audit.strange) == ([], [])


async def test_what_is_on_its_way_or_withdrawn_is_no_fault(
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


async def test_all_who_have_a_timeline_are_found(
    cast: Cast, resources: Resources, fake_users: FakeUsers
) -> None:
    alice, bob = new_id(), new_id()
    await cast.home(alice)
    readers = await resources.timelines.readers()
    assert alice in readers
    assert bob not in readers
