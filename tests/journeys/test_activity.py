"""Learning what others did."""

from typing import Any

from tests.eventually import eventually
from tests.journeys.listening import ear_of
from tests.journeys.phone import Phone


async def _lines(phone: Phone, *kinds: str) -> list[dict[str, Any]]:
    async def arrived() -> list[dict[str, Any]]:
        items = (await phone.get("/v1/activity"))["items"]
        assert sorted(line["kind"] for line in items) == sorted(kinds)
        return list(items)

    return await eventually(arrived, within_s=20)


async def test_a_like_a_comment_and_a_follow_show_in_activity_and_the_stream(
    alice: Phone, bob: Phone
) -> None:
    post = await alice.post()
    async with ear_of(alice) as ear:
        await bob.follow(alice)
        await bob.put(f"/v1/posts/{post['id']}/like")
        await bob.comment(post["id"], f"@{alice.username} lovely")
        await ear.hears("activity")
    lines = await _lines(alice, "comment", "follow", "like")
    assert {line["actors"][0]["username"] for line in lines} == {bob.username}
    assert (await alice.get("/v1/activity"))["unseen_count"] == 3
    reply = await alice.http.put("/v1/activity/seen")
    assert reply.status_code == 204
    assert (await alice.get("/v1/activity"))["unseen_count"] == 0
    await bob.delete(f"/v1/posts/{post['id']}/like")
    await bob.delete(f"/v1/users/{alice.id}/follow")
    await _lines(alice, "comment")
    await alice.put(f"/v1/users/{bob.id}/block")
    await _lines(alice)


async def test_a_follow_request_shows_until_it_is_answered(alice: Phone, bob: Phone) -> None:
    private = await alice.http.patch("/v1/me", json={"is_private": True})
    assert private.status_code == 200
    await bob.follow(alice)
    await _lines(alice, "follow_request")
    await alice.http.put(f"/v1/me/follow-requests/{bob.id}")
    await _lines(alice, "follow")
