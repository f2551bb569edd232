"""Events as they happen."""

from tests.journeys.listening import ear_of
from tests.journeys.phone import Phone
from tests.suite import Suite


async def test_followers_receive_a_new_post_over_either_balancer(
    suite: Suite, alice: Phone, bob: Phone, carol: Phone
) -> None:
    await bob.follow(alice)
    first, second = suite.public_urls
    async with ear_of(bob, first) as one, ear_of(bob, second) as two, ear_of(carol) as other:
        post = await alice.post()
        await one.hears("home")
        await two.hears("home")
        assert one.about["home"] == [{"post_id": post["id"]}]
        assert post["id"] in [item["id"] for item in await bob.home()]
        assert other.heard == []


async def test_a_returning_viewer_receives_missed_events(alice: Phone, bob: Phone) -> None:
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


async def test_events_name_actor_and_deed_and_report_ready_photos(alice: Phone, bob: Phone) -> None:
    async with ear_of(alice) as ear:
        post = await alice.post()
        await ear.hears("photo")
        photo_id = post["photos"][0]["id"]
        assert ear.about["photo"] == [{"what": "ready", "photo_id": photo_id}]
        await bob.put(f"/v1/posts/{post['id']}/like")
        await ear.hears("activity")
        liked = {"what": "like", "user_id": bob.id, "post_id": post["id"]}
        assert [{**one, "user_id": str(one["user_id"])} for one in ear.about["activity"]] == [
            {**liked, "user_id": str(bob.id)}
        ]
