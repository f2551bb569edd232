"""The worker's loops over real queues carry out what was committed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.upload.actions.release_photos import release_photos
from services.upload.clients.feed import FeedClient
from services.upload.clients.workshop import Workshop
from services.upload.resources import Resources, WorkerResources
from services.upload.store.photos import find_photo, find_released_photo
from services.upload.worker import run
from shared.sharding.shard_group import ShardGroup
from tests.eventually import eventually
from tests.upload.cast import Cast, new_id
from tests.upload.fake_feed import FakeFeed
from tests.upload.pictures import small_jpeg


def _of_worker(of: Resources, workshop: Workshop, feed: FeedClient) -> WorkerResources:
    return WorkerResources(of.group, of.objects, of.caches, of.polled, workshop, workshop, 2, feed)


@asynccontextmanager
async def working(
    resources: Resources, workshop: Workshop, told: FakeFeed | None = None
) -> AsyncIterator[None]:
    stop = asyncio.Event()
    feed = (told or FakeFeed()).client()
    loops = asyncio.create_task(run(_of_worker(resources, workshop, feed), stop))
    try:
        yield
    finally:
        stop.set()
        await loops


async def test_sent_photos_become_ready_or_fail_and_released_ones_are_deleted(
    resources: Resources, group: ShardGroup, workshop: Workshop, cast: Cast
) -> None:
    alice = new_id()
    good = [(await cast.sends(new_id()))["id"] for _ in range(6)]
    bad = (await cast.sends(alice, small_jpeg()[:4000]))["id"]
    released = await cast.has_photo(alice)
    await release_photos(group, alice, [released.id])

    async def all_is_done() -> None:
        states = [photo and photo.state for photo in [await find_photo(group, one) for one in good]]
        assert states == ["ready"] * 6
        failed = await find_photo(group, bad)
        assert failed is not None
        assert failed.state == "failed"
        assert await find_released_photo(group, released.id) is None

    told = FakeFeed()
    async with working(resources, workshop, told):
        await eventually(all_is_done, within_s=30)
    # It also processes photos that other tests have left.
    states = {one: told.states_by_photo().get(one) for one in (*good, bad)}
    assert states == {**dict.fromkeys(good, "ready"), bad: "failed"}
