"""The worker's loops carry out what was committed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.feed.actions.withdraw_post import Withdrawal, withdraw_post
from services.feed.resources import Resources
from services.feed.store.fan_outs import find_fan_out
from services.feed.worker import run
from tests.eventually import eventually
from tests.feed.cast import Cast, new_id
from tests.feed.fake_upload import FakeUpload
from tests.feed.fake_users import FakeUsers


@asynccontextmanager
async def _working(resources: Resources) -> AsyncIterator[None]:
    stop = asyncio.Event()
    loops = asyncio.create_task(run(resources, stop))
    try:
        yield
    finally:
        stop.set()
        await loops


async def test_a_post_reaches_its_followers_page_by_page_and_upload_is_told(
    cast: Cast, resources: Resources, fake_users: FakeUsers, fake_upload: FakeUpload
) -> None:
    alice = new_id()
    followers = [new_id() for _ in range(5)]
    for follower in followers:
        fake_users.follow(follower, alice)
        assert await cast.home_ids(follower) == []
    fake_users.ids_page_max = 2
    async with _working(resources):
        post = await cast.publishes(alice)

        async def delivered() -> None:
            assert await find_fan_out(resources.group, post, alice) is None

        await eventually(delivered, within_s=30)

        async def confirmed() -> None:
            owners = [told["owner_id"] for told in fake_upload.confirmed]
            assert owners.count(alice) >= 1

        await eventually(confirmed, within_s=30)
    fake_users.ids_page_max = 10_000
    for follower in followers:
        assert await cast.home_ids(follower) == [post]


async def test_the_photos_of_a_withdrawn_post_are_released(
    cast: Cast, resources: Resources, fake_upload: FakeUpload
) -> None:
    alice = new_id()
    post = await cast.publishes(alice)
    await withdraw_post(resources.group, resources.bodies, resources.users, Withdrawal(post, alice))

    async def released() -> None:
        assert alice in [told["owner_id"] for told in fake_upload.released]

    async with _working(resources):
        await eventually(released, within_s=30)


async def test_a_delivery_waits_until_users_is_back(
    cast: Cast, resources: Resources, fake_users: FakeUsers
) -> None:
    alice, bob = new_id(), new_id()
    fake_users.follow(bob, alice)
    assert await cast.home_ids(bob) == []
    fake_users.is_away = True
    async with _working(resources):
        post = await cast.publishes(alice)

        def has_been_asked() -> None:
            assert f"/users/{alice}/follower-ids" in fake_users.calls

        await eventually(has_been_asked, within_s=30)
        fake_users.is_away = False

        async def delivered() -> None:
            assert await find_fan_out(resources.group, post, alice) is None

        await eventually(delivered, within_s=30)
    assert await cast.home_ids(bob) == [post]
