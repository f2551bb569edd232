"""A gateway dies, and its connected viewers miss nothing."""

from contextlib import AsyncExitStack

from tests.eventually import eventually
from tests.journeys.listening import Ear, ear_of
from tests.journeys.phone import Phone, phone_of, picture
from tests.suite import Suite

VIEWERS = 8


async def test_viewers_of_a_killed_gateway_receive_the_post_after_reconnecting(
    suite: Suite,
) -> None:
    async with AsyncExitStack() as stack:
        alice = await stack.enter_async_context(phone_of(suite.public_url, "alice"))
        viewers: list[tuple[Phone, Ear]] = []
        for number in range(VIEWERS):
            phone = await stack.enter_async_context(phone_of(suite.public_url, f"fan{number}"))
            await phone.follow(alice)
            balancer = suite.public_urls[number % 2]
            viewers.append((phone, await stack.enter_async_context(ear_of(phone, balancer))))
        draft = {"photo_ids": [await alice.upload(picture())]}
        suite.kill("gateway-1")

        async def published() -> None:
            headers = {"Idempotency-Key": "a key"}
            reply = await alice.http.post("/v1/posts", json=draft, headers=headers)
            assert reply.status_code == 201, reply.text

        await eventually(published)
        for number, (phone, ear) in enumerate(viewers):
            if not ear.is_closed:
                await ear.hears("home")
                continue
            balancer = suite.public_urls[(number + 1) % 2]
            async with ear_of(phone, balancer, ear.last_id) as back:
                await back.hears("home", times=1 - ear.heard.count("home"))

    async def healthy() -> None:
        assert await suite.is_healthy("gateway-1")

    await eventually(healthy, within_s=60)
