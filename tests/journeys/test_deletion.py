"""A person leaves: the receipt completes, and nobody sees anything of them."""

from tests.eventually import eventually
from tests.journeys.phone import PASSWORD, Phone, picture
from tests.suite import Suite


async def test_a_deleted_account_leaves_every_page_and_store(
    suite: Suite, alice: Phone, bob: Phone
) -> None:
    avatar_id = await alice.upload(picture())
    await alice.http.patch("/v1/me", json={"avatar_photo_id": avatar_id})
    await bob.follow(alice)
    await alice.follow(bob)
    post = await alice.post()
    other = await bob.post()
    await alice.put(f"/v1/posts/{other['id']}/like")
    await bob.put(f"/v1/posts/{post['id']}/like")
    for person, of_other in ((alice, other), (bob, post)):
        await person.put(f"/v1/posts/{of_other['id']}/save")
        comment = await person.comment(of_other["id"], "Lovely")
        await alice.put(f"/v1/comments/{comment['id']}/like")
    edited = await alice.http.patch(f"/v1/posts/{post['id']}", json={"caption": "Farewell"})
    assert edited.status_code == 200
    await bob.sees(post["id"])

    reply = await alice.http.request("DELETE", "/v1/me", json={"password": PASSWORD})
    assert reply.status_code == 202, reply.text
    receipt_id = reply.json()["receipt_id"]

    async def completed() -> None:
        receipt = await bob.get(f"/v1/deletions/{receipt_id}")
        assert receipt["finished"], receipt

    await eventually(completed, within_s=60, every_s=0.5)
    for path in (f"/v1/users/{alice.id}", f"/v1/posts/{post['id']}"):
        await bob.get(path, status=404)
    assert [item["id"] for item in await bob.home()] == [other["id"]]
    assert (await bob.get("/v1/me"))["counts"] == {"posts": 1, "followers": 0, "following": 0}
    assert (await bob.get(f"/v1/posts/{other['id']}"))["counts"] == {"likes": 0, "comments": 0}

    async def nothing_is_left() -> None:
        ids = (alice.id, post["id"], post["photos"][0]["id"], avatar_id)
        assert await suite.remains(*ids) == []

    # An event of its own clears bob's timeline, perhaps after the receipt completes.
    await eventually(nothing_is_left, within_s=60, every_s=1)
