"""A small world to read while parts of the suite die: alice posts, bob follows her."""

from collections.abc import AsyncIterator, Sequence

import httpx
import pytest

from tests.journeys.phone import Phone, phone_of
from tests.suite import Suite


@pytest.fixture
async def reads(suite: Suite) -> AsyncIterator[Sequence[httpx.Request]]:
    """Requests of two phones, in sequence; without a failure all of them succeed."""
    async with (
        phone_of(suite.public_url, "alice") as alice,
        phone_of(suite.public_url, "bob") as bob,
    ):
        await bob.follow(alice)
        post = await alice.post("a quiet day")
        await bob.sees(post["id"])
        photo_id = post["photos"][0]["id"]
        yield [
            bob.http.build_request("GET", "/v1/timelines/home"),
            bob.http.build_request("GET", f"/v1/users/{alice.id}"),
            bob.http.build_request("GET", f"/v1/posts/{post['id']}"),
            bob.http.build_request("GET", f"/v1/users/{alice.id}/posts"),
            bob.http.build_request("PUT", f"/v1/posts/{post['id']}/like"),
            bob.http.build_request("GET", f"/v1/users/{alice.id}/followers"),
            alice.http.build_request("GET", f"/v1/photos/{photo_id}"),
        ]


@pytest.fixture
async def alice(suite: Suite) -> AsyncIterator[Phone]:
    async with phone_of(suite.public_url, "alice") as phone:
        yield phone


@pytest.fixture
async def phones() -> AsyncIterator[httpx.AsyncClient]:
    limits = httpx.Limits(max_connections=64, max_keepalive_connections=64)
    async with httpx.AsyncClient(timeout=15, limits=limits) as client:
        yield client
