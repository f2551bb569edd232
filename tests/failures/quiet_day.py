"""A small world to read while parts of a suite stop: alice has posted, and bob follows her."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import httpx

from tests.failures.steady_load import Tally, steady_load
from tests.journeys.phone import phone_of


@asynccontextmanager
async def quiet_day(public_url: str) -> AsyncIterator[Sequence[httpx.Request]]:
    """Make that world; yield requests of two phones, all of which succeed without a failure."""
    async with phone_of(public_url, "alice") as alice, phone_of(public_url, "bob") as bob:
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


@asynccontextmanager
async def load_of_a_quiet_day(public_url: str, per_second: int) -> AsyncIterator[Tally]:
    """Send these requests while the block runs."""
    async with (
        quiet_day(public_url) as requests,
        many_phones() as client,
        steady_load(client, requests, per_second) as tally,
    ):
        yield tally


@asynccontextmanager
async def many_phones() -> AsyncIterator[httpx.AsyncClient]:
    """Yield a client with a connection for each phone."""
    limits = httpx.Limits(max_connections=64, max_keepalive_connections=64)
    async with httpx.AsyncClient(timeout=15, limits=limits) as client:
        yield client
