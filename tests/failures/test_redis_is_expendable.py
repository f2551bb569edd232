"""Redis is emptied or lost: nothing durable is lost, and nobody is signed out."""

from collections.abc import AsyncIterator

import pytest

from tests.journeys.phone import Phone, phone_of
from tests.suite import Suite

POSTS = 5


@pytest.fixture
async def bob_who_follows_two(suite: Suite) -> AsyncIterator[tuple[Phone, list[str]]]:
    async with (
        phone_of(suite.public_url, "alice") as alice,
        phone_of(suite.public_url, "carol") as carol,
        phone_of(suite.public_url, "bob") as bob,
    ):
        await bob.follow(alice)
        await bob.follow(carol)
        posts = [await (alice, carol)[number % 2].post() for number in range(POSTS)]
        await bob.sees(posts[-1]["id"])
        yield bob, [post["id"] for post in reversed(posts)]


async def test_emptying_feeds_redis_leaves_the_home_timeline_complete(
    suite: Suite, bob_who_follows_two: tuple[Phone, list[str]]
) -> None:
    bob, newest_first = bob_who_follows_two
    async with suite.redis("feed") as redis:
        await redis.flushall()
    page = await bob.get("/v1/timelines/home")
    assert [post["id"] for post in page["items"]] == newest_first
    assert page["completeness"] == "complete"


async def test_emptying_users_redis_signs_nobody_out(
    suite: Suite, bob_who_follows_two: tuple[Phone, list[str]]
) -> None:
    bob, _ = bob_who_follows_two
    async with suite.redis("users") as redis:
        await redis.flushall()
    assert (await bob.get("/v1/me"))["id"] == bob.id


@pytest.mark.parametrize("service", ["users", "feed", "upload", "gateway"])
async def test_a_dead_redis_breaks_nothing(
    suite: Suite, bob_who_follows_two: tuple[Phone, list[str]], service: str
) -> None:
    bob, newest_first = bob_who_follows_two
    await suite.stop(f"redis-{service}")
    try:
        page = await bob.get("/v1/timelines/home")
        assert [post["id"] for post in page["items"]] == newest_first
        assert (await bob.get("/v1/me"))["id"] == bob.id
        assert len((await bob.post())["photos"]) == 1
    finally:
        await suite.start(f"redis-{service}")


@pytest.mark.parametrize("damage", [b"\0" * 4096, b"half a command\r\n"])
async def test_a_redis_whose_log_is_damaged_starts_empty(
    suite: Suite, bob_who_follows_two: tuple[Phone, list[str]], damage: bytes
) -> None:
    bob, newest_first = bob_who_follows_two
    await suite.stop("redis-feed")
    data = suite.run_dir / "data" / "redis" / "feed"
    with next(data.glob("*/*.incr.aof")).open("ab") as log:
        log.write(damage)
    await suite.start("redis-feed")
    assert len(list(data.parent.glob("feed.aside-*/*/*.incr.aof"))) >= 1
    page = await bob.get("/v1/timelines/home")
    assert [post["id"] for post in page["items"]] == newest_first
