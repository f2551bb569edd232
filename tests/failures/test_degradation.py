"""A part is away: what does not need it works, and the rest is refused, as documented."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import httpx
import pytest

from shared.ids import shard_bits
from tests.eventually import eventually
from tests.journeys.phone import JPEG, Phone, phone_of, picture
from tests.suite import Suite

# Two balancers and two gateways: this many requests reach every gateway.
EVERY_GATEWAY = 8
SIGN_UPS_MAX = 40


@asynccontextmanager
async def away(suite: Suite, *names: str) -> AsyncIterator[None]:
    """Stop the processes while the block runs."""
    try:
        await asyncio.gather(*(suite.stop(name) for name in names))
        yield
    finally:
        await asyncio.gather(*(suite.start(name) for name in names))


def replicas(suite: Suite, service: str) -> list[str]:
    return [name for name in suite.process_names(service) if "worker" not in name]


def is_refused(reply: httpx.Response) -> bool:
    return (
        reply.status_code == 503
        and reply.json()["code"] == "unavailable"
        and "retry-after" in reply.headers
    )


async def signed_up(stack: AsyncExitStack, suite: Suite, name: str) -> Phone:
    """A phone; waits until all processes know that everything is back."""
    return await eventually(
        lambda: stack.enter_async_context(phone_of(suite.public_url, name)), within_s=20
    )


@pytest.fixture
async def alice(suite: Suite) -> AsyncIterator[Phone]:
    async with AsyncExitStack() as stack:
        yield await signed_up(stack, suite, "alice")


@pytest.fixture
async def bob(suite: Suite) -> AsyncIterator[Phone]:
    async with AsyncExitStack() as stack:
        yield await signed_up(stack, suite, "bob")


async def test_without_users_viewers_keep_reading_and_stay_signed_in(
    suite: Suite, alice: Phone
) -> None:
    post = await alice.post("still here")
    for _ in range(EVERY_GATEWAY):
        await alice.sees(post["id"])
    async with away(suite, *replicas(suite, "users")):

        async def is_partial() -> None:
            # Complete for the seconds in which users is not asked again.
            page = await alice.get("/v1/timelines/home")
            assert [item["id"] for item in page["items"]] == [post["id"]]
            assert page["completeness"] == "partial"

        await eventually(is_partial)
        assert (await alice.get(f"/v1/posts/{post['id']}"))["author"]["id"] == alice.id
        await alice.get(f"/v1/photos/{post['photos'][0]['id']}")
        assert is_refused(await alice.http.get("/v1/me"))
        assert is_refused(await alice.http.patch("/v1/me", json={"bio": "away"}))
    await alice.get("/v1/me")


async def test_without_feed_people_and_photos_work(suite: Suite, alice: Phone, bob: Phone) -> None:
    async with away(suite, *replicas(suite, "feed")):
        assert (await alice.get(f"/v1/users/{bob.id}"))["counts"]["posts"] is None
        await alice.follow(bob)
        await alice.upload(picture())
        for path in ("/v1/timelines/home", f"/v1/users/{bob.id}/posts"):
            assert is_refused(await alice.http.get(path))


async def test_without_upload_everything_except_uploading_works(
    suite: Suite, alice: Phone, bob: Phone
) -> None:
    await alice.follow(bob)
    post = await bob.post()
    await alice.sees(post["id"])
    async with away(suite, *replicas(suite, "upload")):
        assert await alice.home()
        assert (await alice.get(f"/v1/users/{bob.id}"))["counts"]["posts"] == 1
        await alice.put(f"/v1/posts/{post['id']}/like")
        sent = await alice.http.post("/v1/photos", content=picture(), headers=JPEG)
        assert is_refused(sent)
        draft = {"photo_ids": [post["photos"][0]["id"]], "caption": "again"}
        assert is_refused(await alice.http.post("/v1/posts", json=draft))


@pytest.fixture
async def on_both_primaries(suite: Suite) -> AsyncIterator[tuple[Phone, Phone]]:
    """One person on each primary, who follow each other."""
    shard_count = suite.plan.groups["users"].shard_count
    async with AsyncExitStack() as stack:
        found: dict[bool, Phone] = {}
        for _ in range(SIGN_UPS_MAX):
            phone = await signed_up(stack, suite, "carol")
            shard = shard_bits(int(phone.id)) % shard_count
            found.setdefault(shard < shard_count // 2, phone)
            if len(found) == 2:
                break
        first, second = found[True], found[False]
        await first.follow(second)
        await second.follow(first)
        yield first, second


async def test_without_a_primary_of_users_only_its_people_cannot_write(
    suite: Suite, on_both_primaries: tuple[Phone, Phone]
) -> None:
    first, second = on_both_primaries
    posts = [await first.post(), await second.post()]
    for phone in on_both_primaries:
        for post in posts:
            await phone.sees(post["id"])
    async with away(suite, "postgres-users-a"):
        for reader, other in ((first, second), (second, first)):
            for path in ("/v1/timelines/home", f"/v1/users/{other.id}", "/v1/me"):
                await reads(reader, path)
        assert (await second.http.patch("/v1/me", json={"bio": "here"})).status_code == 200
        assert is_refused(await first.http.patch("/v1/me", json={"bio": "here"}))

    async def writes_again() -> None:
        assert (await first.http.patch("/v1/me", json={"bio": "back"})).status_code == 200

    await eventually(writes_again)


async def test_without_a_primary_of_feed_only_its_people_cannot_like(
    suite: Suite, on_both_primaries: tuple[Phone, Phone]
) -> None:
    first, second = on_both_primaries
    of_first, of_second = await first.post(), await second.post()
    await second.sees(of_first["id"])
    async with away(suite, "postgres-feed-a"):
        await reads(second, "/v1/timelines/home")
        await reads(second, f"/v1/posts/{of_first['id']}")
        # A like is a row of the liker; the post gets it when its primary is back.
        await second.put(f"/v1/posts/{of_first['id']}/like")
        assert is_refused(await first.http.put(f"/v1/posts/{of_second['id']}/like"))

    async def is_counted() -> None:
        assert (await first.get(f"/v1/posts/{of_first['id']}"))["counts"]["likes"] == 1

    await eventually(is_counted, within_s=30)


async def test_without_the_name_server_everything_keeps_working(
    suite: Suite, alice: Phone, bob: Phone
) -> None:
    await alice.follow(bob)
    post = await bob.post()
    await alice.sees(post["id"])
    # No request has led the new processes of upload to the store yet.
    await suite.restart_within("upload")
    async with away(suite, "dns"):
        for _ in range(EVERY_GATEWAY):
            await alice.get("/v1/timelines/home")
            await alice.get(f"/v1/users/{bob.id}")
            await alice.put(f"/v1/posts/{post['id']}/like")
        await alice.upload(picture())


async def reads(phone: Phone, path: str) -> None:
    """Read it: if the first process has not noticed the loss, the next one has."""

    async def answered() -> None:
        await phone.get(path)

    await eventually(answered)
