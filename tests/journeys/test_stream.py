"""Events as they happen."""

from tests.journeys.listening import ear_of
from tests.journeys.phone import Phone
from tests.suite import Suite


async def test_followers_hear_of_a_new_post_over_either_balancer(
    suite: Suite, alice: Phone, bob: Phone, carol: Phone
) -> None:
    await bob.follow(alice)
    first, second = suite.public_urls
    async with ear_of(bob, first) as one, ear_of(bob, second) as two, ear_of(carol) as other:
        post = await alice.post()
        await one.hears("home")
        await two.hears("home")
        assert post["id"] in [item["id"] for item in await bob.home()]
        assert other.heard == []


async def test_who_comes_back_hears_of_what_happened_meanwhile(alice: Phone, bob: Phone) -> None:
    await bob.follow(alice)
    async with ear_of(bob) as ear:
        last_id = ear.last_id
    await alice.post()
    async with ear_of(bob, last_id=last_id) as ear:
        await ear.hears("home")


async def test_signing_out_ends_the_stream(bob: Phone) -> None:
    async with ear_of(bob) as ear:
        await bob.delete("/v1/sessions/current", status=204)
        await ear.closes()
