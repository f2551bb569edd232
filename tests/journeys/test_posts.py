"""Publishing once, liking, and deleting."""

import secrets
from functools import partial
from typing import Any

import pytest

from tests.eventually import eventually
from tests.journeys.phone import JPEG, Phone, picture


async def test_the_same_key_publishes_once(alice: Phone) -> None:
    draft = {"photo_ids": [await alice.upload(picture())], "caption": "Once"}
    headers = {"Idempotency-Key": "tap, tap"}
    first = await alice.http.post("/v1/posts", json=draft, headers=headers)
    again = await alice.http.post("/v1/posts", json=draft, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json()["post"]["id"] == first.json()["post"]["id"]
    own = await alice.get(f"/v1/users/{alice.id}/posts")
    assert len(own["items"]) == 1


async def test_the_same_key_with_another_caption_is_refused(alice: Phone) -> None:
    draft = {"photo_ids": [await alice.upload(picture())], "caption": "Once"}
    headers = {"Idempotency-Key": "a key"}
    await alice.http.post("/v1/posts", json=draft, headers=headers)
    other = {**draft, "caption": "Twice"}
    reply = await alice.http.post("/v1/posts", json=other, headers=headers)
    assert (reply.status_code, reply.json()["code"]) == (422, "idempotency_key_reused")


async def test_the_same_key_uploads_once(alice: Phone) -> None:
    headers = {**JPEG, "Idempotency-Key": "one photo"}
    bytes_ = picture(seed=1)
    assert await alice.upload(bytes_, headers) == await alice.upload(bytes_, headers)


async def test_a_photo_is_published_once(alice: Phone) -> None:
    photo_id = await alice.upload(picture())
    await alice.publish(photo_id)
    reply = await alice.http.post("/v1/posts", json={"photo_ids": [photo_id]})
    assert (reply.status_code, reply.json()["code"]) == (409, "photo_already_published")


async def test_nobody_can_see_or_publish_another_users_photo(alice: Phone, bob: Phone) -> None:
    photo_id = await alice.upload(picture())
    await bob.get(f"/v1/photos/{photo_id}", status=404)
    reply = await bob.http.post("/v1/posts", json={"photo_ids": [photo_id]})
    assert reply.status_code == 404


async def test_an_uploaded_photo_becomes_ready(alice: Phone) -> None:
    photo_id = await alice.upload(picture())

    async def ready() -> None:
        photo = await alice.get(f"/v1/photos/{photo_id}")
        assert photo["state"] == "ready"
        assert len(photo["renditions"]) == 4

    await eventually(ready)


@pytest.mark.parametrize("photo_ids", [[], ["1"] * 11, ["7", "7"]])
async def test_a_post_has_one_to_ten_different_photos(alice: Phone, photo_ids: list[str]) -> None:
    reply = await alice.http.post("/v1/posts", json={"photo_ids": photo_ids})
    assert reply.status_code == 422
    assert [error["field"] for error in reply.json()["errors"]] == ["photo_ids"]


async def test_likes_are_counted_once_for_each_person(alice: Phone, bob: Phone) -> None:
    post = await alice.post()
    like = f"/v1/posts/{post['id']}/like"
    assert await bob.put(like) == {"liked": True, "like_count": 1}
    assert await bob.put(like) == {"liked": True, "like_count": 1}
    assert await alice.put(like) == {"liked": True, "like_count": 2}
    seen = await bob.get(f"/v1/posts/{post['id']}")
    assert (seen["counts"]["likes"], seen["viewer"]["liked"]) == (2, True)
    assert await bob.delete(like) == {"liked": False, "like_count": 1}
    assert await bob.delete(like) == {"liked": False, "like_count": 1}


async def test_a_deleted_post_leaves_every_home_timeline(alice: Phone, bob: Phone) -> None:
    await bob.follow(alice)
    post = await alice.post()
    seen = await bob.sees(post["id"])
    await alice.delete(f"/v1/posts/{post['id']}", status=204)
    await alice.get(f"/v1/posts/{post['id']}", status=404)
    await bob.get(f"/v1/posts/{post['id']}", status=404)
    await bob.put(f"/v1/posts/{post['id']}/like", status=404)

    async def gone() -> None:
        assert await bob.home() == []
        assert (await bob.get(f"/v1/users/{alice.id}/posts"))["items"] == []
        assert (await alice.get("/v1/me"))["counts"]["posts"] == 0

    await eventually(gone)
    assert seen["id"] == post["id"]


async def test_only_its_author_deletes_a_post(alice: Phone, bob: Phone) -> None:
    post = await alice.post()
    await bob.delete(f"/v1/posts/{post['id']}", status=403)
    await alice.get(f"/v1/posts/{post['id']}")


async def test_a_post_is_found_by_its_tag_and_a_private_one_is_not(
    alice: Phone, bob: Phone
) -> None:
    tag = f"fog_{secrets.token_hex(4)}x"
    post = await alice.post(f"First light #{tag.upper()}")
    page = await bob.get(f"/v1/timelines/tags/{tag}")
    assert [item["id"] for item in page["items"]] == [post["id"]]

    async def found() -> None:
        shown = (await bob.get("/v1/tags/search", q=tag[:-2]))["items"]
        assert shown == [{"name": tag, "post_count": 1}]

    await eventually(found)
    assert (await alice.http.patch("/v1/me", json={"is_private": True})).status_code == 200

    async def hidden() -> None:
        assert (await bob.get(f"/v1/timelines/tags/{tag}"))["items"] == []
        assert (await bob.get("/v1/tags/search", q=tag))["items"] == []

    await eventually(hidden)


async def test_a_liked_post_is_in_explore_and_a_muted_authors_post_is_not(
    alice: Phone, bob: Phone, carol: Phone
) -> None:
    post = await alice.post("Popular")
    for phone in (bob, carol):
        await phone.put(f"/v1/posts/{post['id']}/like")

    async def explored() -> None:
        assert post["id"] in await _all_explored(bob)

    # The order is renewed three times a minute.
    await eventually(explored, within_s=60, every_s=1)
    await bob.put(f"/v1/users/{alice.id}/mute")
    assert post["id"] not in await _all_explored(bob)


async def _all_explored(phone: Phone) -> set[str]:
    seen: set[str] = set()
    cursor: dict[str, Any] = {}
    while True:
        page = await phone.get("/v1/explore", limit=40, **cursor)
        seen |= {item["id"] for item in page["items"]}
        if page["next_cursor"] is None:
            return seen
        cursor = {"cursor": page["next_cursor"]}


async def test_several_posts_come_in_the_order_asked_for(alice: Phone, bob: Phone) -> None:
    first, second = [(await alice.post(f"Fog {number}"))["id"] for number in range(2)]
    found = await bob.get("/v1/posts", ids=[second, "7", first, second])
    assert [post["id"] for post in found["items"]] == [second, first]
    assert found["next_cursor"] is None


@pytest.mark.parametrize(
    "path", ["/v1/timelines/home", "/v1/users/{user_id}/posts", "/v1/timelines/tags/{tag}"]
)
async def test_a_gap_in_a_timeline_is_filled_upwards(alice: Phone, path: str) -> None:
    tag = f"fog{secrets.token_hex(6)}x"
    posts = [(await alice.post(f"Fog {number} #{tag}"))["id"] for number in range(3)]
    path = path.format(user_id=alice.id, tag=tag)
    page = await alice.get(path, since=posts[0], limit=1)
    assert [post["id"] for post in page["items"]] == [posts[1]]
    above = await alice.get(path, since=posts[0], limit=1, cursor=page["next_cursor"])
    assert [post["id"] for post in above["items"]] == [posts[2]]
    assert above["next_cursor"] is None


async def test_a_photo_is_changed_only_in_the_given_version(alice: Phone) -> None:
    photo = await alice.upload(picture())
    address, seen = f"/v1/photos/{photo}", {"If-Match": '"1"'}
    assert (await alice.get(address))["version"] == 1
    first = await alice.http.patch(address, json={"alt_text": "Fog"}, headers=seen)
    assert (first.status_code, first.json()["version"]) == (200, 2)
    for late in (
        await alice.http.patch(address, json={"alt_text": "Mist"}, headers=seen),
        await alice.http.delete(address, headers=seen),
    ):
        assert (late.status_code, late.json()["code"]) == (412, "precondition_failed")
    assert (await alice.get(address))["alt_text"] == "Fog"
    await alice.publish(photo)
    again = await alice.http.patch(address, json={"alt_text": "Mist"}, headers=seen)
    assert again.status_code == 412


async def test_an_unknown_photo_is_named_in_the_error(alice: Phone) -> None:
    photo = await alice.upload(picture())
    draft = {"photo_ids": [photo, "7"], "caption": ""}
    reply = await alice.http.post("/v1/posts", json=draft)
    assert (reply.status_code, reply.json()["code"]) == (404, "not_found")
    assert [error["field"] for error in reply.json()["errors"]] == ["photo_ids.1"]


async def test_the_quota_shows_the_number_of_photos(alice: Phone) -> None:
    before = await alice.get("/v1/me/quota")
    await alice.post()
    after = await alice.get("/v1/me/quota")
    assert after == {
        **before,
        "photos_count": before["photos_count"] + 1,
        "photos_today_count": before["photos_today_count"] + 1,
    }


async def test_an_alternative_text_is_the_same_for_photo_and_post(alice: Phone, bob: Phone) -> None:
    post = await alice.post()
    photo_id = post["photos"][0]["id"]

    async def change_by_photo() -> None:
        reply = await alice.http.patch(f"/v1/photos/{photo_id}", json={"alt_text": "By photo"})
        assert reply.status_code == 200, reply.text

    async def is_said(text: str) -> None:
        shown = await bob.get(f"/v1/posts/{post['id']}")
        own = await alice.get(f"/v1/photos/{photo_id}")
        assert (shown["photos"][0]["alt_text"], own["alt_text"]) == (text, text)

    # Upload learns a moment later which post has the photo.
    await eventually(change_by_photo, within_s=20)
    await eventually(partial(is_said, "By photo"), within_s=20)
    change = {"alt_texts": {photo_id: "By post"}}
    assert (await alice.http.patch(f"/v1/posts/{post['id']}", json=change)).status_code == 200
    await eventually(partial(is_said, "By post"), within_s=20)
