"""Pinned posts, as phones see them."""

from tests.eventually import eventually
from tests.journeys.phone import Phone


async def test_three_pinned_posts_come_first_on_their_authors_page(
    alice: Phone, bob: Phone
) -> None:
    first, second, third, fourth = [(await alice.post())["id"] for _ in range(4)]
    for post_id in (third, second, first):
        assert (await alice.put(f"/v1/posts/{post_id}/pin"))["pinned_at"] is not None
    refused = await alice.http.put(f"/v1/posts/{fourth}/pin")
    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_pins")

    async def first_for_others() -> None:
        page = await bob.get(f"/v1/users/{alice.id}/posts")
        assert [post["id"] for post in page["items"]] == [first, second, third, fourth]
        assert page["items"][0]["pinned_at"] is not None
        assert page["items"][3]["pinned_at"] is None

    await eventually(first_for_others)
    assert (await alice.delete(f"/v1/posts/{first}/pin"))["pinned_at"] is None
    own = await alice.get(f"/v1/users/{alice.id}/posts")
    assert [post["id"] for post in own["items"]] == [second, third, fourth, first]


async def test_a_pin_is_hidden_with_its_post(alice: Phone, bob: Phone) -> None:
    post_id = (await alice.post())["id"]
    await alice.put(f"/v1/posts/{post_id}/pin")
    await alice.put(f"/v1/users/{bob.id}/block")
    await bob.get(f"/v1/users/{alice.id}/posts", status=404)
    await alice.delete(f"/v1/posts/{post_id}", status=204)
    assert (await alice.get(f"/v1/users/{alice.id}/posts"))["items"] == []
