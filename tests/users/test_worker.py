"""The worker delivers what was committed."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from services.users.actions.delete_account import delete_account
from services.users.actions.edit_profile import edit_profile
from services.users.actions.erase_account import ERASE_JOB
from services.users.actions.follow import follow
from services.users.actions.unfollow import unfollow
from services.users.domain.names import email_of, username_of
from services.users.resources import Resources
from services.users.store import directory
from services.users.store.deletions import find_progress
from services.users.worker import run
from shared.sql_files import parse_query
from tests.eventually import eventually
from tests.users.cast import PASSWORD, Cast
from tests.users.fake_feed import FakeFeed

_UNCONFIRM = parse_query(
    "unconfirm",
    "UPDATE :schema.directory SET state = 'reserved', expires_at = now() + interval '1 hour'"
    " WHERE user_id = :user_id",
)


@pytest.fixture
async def _worker(resources: Resources) -> AsyncIterator[None]:
    stop = asyncio.Event()
    running = asyncio.create_task(run(resources, stop))
    yield
    stop.set()
    await running


@pytest.mark.usefixtures("_worker")
async def test_feed_hears_of_follows_and_unfollows_in_order(
    resources: Resources, cast: Cast, fake_feed: FakeFeed
) -> None:
    alice, bob = await cast.user_ids("alice", "bob")
    await follow(resources.group, resources.follows, resources.feed, alice, bob)
    await unfollow(resources.group, resources.follows, resources.feed, alice, bob)
    await follow(resources.group, resources.follows, resources.feed, alice, bob)

    def heard() -> None:
        assert len(fake_feed.events_of(alice)) == 3

    await eventually(heard)
    events = fake_feed.events_of(alice)
    assert [event["kind"] for event in events] == ["follow", "unfollow", "follow"]
    assert sorted(event["version"] for event in events) == [event["version"] for event in events]
    assert all(event["subject_id"] == bob for event in events)


@pytest.mark.usefixtures("_worker")
async def test_feed_receives_missed_events_after_an_outage(
    resources: Resources, cast: Cast, fake_feed: FakeFeed
) -> None:
    alice, bob = await cast.user_ids("alice", "bob")
    fake_feed.is_away = True
    await follow(resources.group, resources.follows, resources.feed, alice, bob)
    assert not fake_feed.events_of(alice)
    fake_feed.is_away = False

    def heard() -> None:
        assert fake_feed.events_of(alice)

    await eventually(heard)


@pytest.mark.usefixtures("_worker")
async def test_the_receipt_of_a_deletion_is_completed(resources: Resources, cast: Cast) -> None:
    group, alice = resources.group, await cast.user_id("alice")
    await delete_account(group, resources.passwords, resources.sessions, alice, PASSWORD)
    # The deletion's own job waits until no copy of a session is trusted.
    async with group.writer(group.shard_of(alice)) as tx:
        await tx.enqueue(ERASE_JOB, {"user_id": alice})

    async def finished() -> None:
        progress = await find_progress(group, alice)
        assert progress is not None
        assert None not in progress.finished_at.values()

    await eventually(finished)


@pytest.mark.usefixtures("_worker")
async def test_upload_is_told_of_the_new_and_the_former_avatar(
    resources: Resources, cast: Cast, fake_feed: FakeFeed
) -> None:
    alice = await cast.user_id("alice")
    fake_feed.photos.update({74: alice, 75: alice})
    for photo_id in (74, 75):
        await edit_profile(
            resources.group,
            resources.upload,
            resources.tokens,
            alice,
            {"avatar_photo_id": photo_id},
        )

    def heard() -> None:
        about = [told for told in fake_feed.told_of_photos if told[1] in {74, 75}]
        assert about == [("confirm", 74), ("confirm", 75), ("release", 74)]

    await eventually(heard)


async def test_names_that_were_not_confirmed_at_once_are_confirmed_by_the_worker(
    resources: Resources, cast: Cast
) -> None:
    group, alice = resources.group, (await cast.reader("alice"))["user"]
    names = (username_of(alice["username"]), email_of(alice["email"]))
    for name in names:
        async with group.writer(directory._shard(group, name)) as tx:
            assert await tx.execute(_UNCONFIRM, user_id=alice["id"]) >= 1

    async def confirmed() -> bool:
        entries = [await directory.find_entry(group, name) for name in names]
        assert all(entry is not None and entry.is_confirmed for entry in entries)
        return True

    stop = asyncio.Event()
    running = asyncio.create_task(run(resources, stop))
    await eventually(confirmed)
    stop.set()
    await running
