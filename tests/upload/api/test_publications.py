"""Photos are claimed for a post, confirmed when it exists and released when it is gone."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.upload.cast import Cast, new_id
from tests.upload.pictures import small_jpeg
from tests.upload.upload_api import UploadApi


async def claim(
    api: UploadApi, owner: int, photo_ids: list[int], claimant: str = "post/1", wait_ms: int = 0
) -> httpx.Response:
    body = {"photo_ids": photo_ids, "claimant": claimant, "wait_ms": wait_ms}
    return await api.post("/photos/claim", body, owner)


async def confirm(api: UploadApi, owner: int, photo_ids: list[int], claimant: str) -> int:
    body = {"owner_id": owner, "photo_ids": photo_ids, "claimant": claimant}
    return (await api.post("/photos/confirm", body)).status_code


async def test_claimed_photos_come_in_the_order_asked_for(api: UploadApi, cast: Cast) -> None:
    alice = new_id()
    ids = [(await cast.has_photo(alice)).id for _ in range(3)]
    reply = await claim(api, alice, ids[::-1])
    assert reply.status_code == 200
    photos = reply.json()["photos"]
    assert [photo["id"] for photo in photos] == ids[::-1]
    assert photos[0].keys() == {"id", "width", "height", "thumbhash", "alt_text", "renditions"}


async def test_the_same_claimant_may_claim_again(api: UploadApi, cast: Cast) -> None:
    alice = new_id()
    photo = await cast.has_photo(alice)
    first = await claim(api, alice, [photo.id])
    assert (await claim(api, alice, [photo.id])).json() == first.json()
    assert await confirm(api, alice, [photo.id], "post/1") == 204
    assert (await claim(api, alice, [photo.id])).json() == first.json()


async def test_a_photo_of_another_post_cannot_be_claimed(api: UploadApi, cast: Cast) -> None:
    alice = new_id()
    photo = await cast.has_photo(alice)
    await claim(api, alice, [photo.id], "post/1")
    reply = await claim(api, alice, [photo.id], "post/2")
    assert (reply.status_code, reply.json()["code"]) == (409, "photo_already_published")


async def test_one_of_many_concurrent_posts_gets_the_photo(api: UploadApi, cast: Cast) -> None:
    alice = new_id()
    ids = [(await cast.has_photo(alice)).id for _ in range(2)]
    replies = await asyncio.gather(
        *(claim(api, alice, ids[:: 1 if n % 2 else -1], f"post/{n}") for n in range(8))
    )
    assert sorted(reply.status_code for reply in replies) == [200] + [409] * 7


async def test_all_photos_are_claimed_or_none(api: UploadApi, cast: Cast) -> None:
    alice = new_id()
    ids = [(await cast.has_photo(alice)).id for _ in range(2)]
    await claim(api, alice, ids[:1], "post/1")
    assert (await claim(api, alice, ids, "post/2")).status_code == 409
    assert (await claim(api, alice, ids[1:], "post/3")).status_code == 200


async def test_a_claim_waits_for_a_photo_being_processed(api: UploadApi, cast: Cast) -> None:
    alice = new_id()
    sent = await cast.sends(alice)
    reply, _ = await asyncio.gather(
        claim(api, alice, [sent["id"]], wait_ms=5000), cast.processes(sent["id"])
    )
    assert reply.status_code == 200


async def test_a_photo_that_is_not_ready_in_time_gives_a_retry_time(
    api: UploadApi, cast: Cast
) -> None:
    alice = new_id()
    sent = await cast.sends(alice)
    reply = await claim(api, alice, [sent["id"]], wait_ms=100)
    assert (reply.status_code, reply.json()["code"]) == (409, "photo_not_ready")
    assert int(reply.headers["Retry-After"]) >= 1


async def test_a_photo_that_failed_says_why(api: UploadApi, cast: Cast) -> None:
    alice = new_id()
    photo = await cast.has_photo(alice, small_jpeg()[:3000])
    assert photo.state == "failed"
    reply = await claim(api, alice, [photo.id])
    assert (reply.status_code, reply.json()["code"]) == (409, "photo_failed")
    assert "damaged" in reply.json()["detail"]


async def test_only_own_photos_can_be_claimed(api: UploadApi, cast: Cast) -> None:
    alice, bob = new_id(), new_id()
    same_shard_as_alice = alice + 1
    photo = await cast.has_photo(alice)
    own = await cast.has_photo(bob)
    assert (await claim(api, bob, [photo.id])).status_code == 404
    assert (await claim(api, bob, [own.id, photo.id])).status_code == 404
    assert (await claim(api, same_shard_as_alice, [photo.id])).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"photo_ids": [], "claimant": "post/1"},
        {"photo_ids": list(range(1, 12)), "claimant": "post/1"},
        {"photo_ids": [2**63], "claimant": "post/1"},
        {"photo_ids": [1], "claimant": ""},
        {"photo_ids": [1], "claimant": "post/1", "wait_ms": -1},
    ],
)
async def test_a_malformed_claim_is_refused(api: UploadApi, body: dict[str, Any]) -> None:
    assert (await api.post("/photos/claim", body, new_id())).status_code == 422


async def test_a_released_photo_is_gone_for_everybody(api: UploadApi, cast: Cast) -> None:
    alice = new_id()
    photo = await cast.has_photo(alice)
    await claim(api, alice, [photo.id])
    await confirm(api, alice, [photo.id], "post/1")
    for _ in range(2):
        body = {"owner_id": alice, "photo_ids": [photo.id]}
        assert (await api.post("/photos/release", body)).status_code == 204
    assert (await api.get(f"/photos/{photo.id}", alice)).status_code == 404
    assert (await claim(api, alice, [photo.id])).status_code == 404


async def test_only_own_photos_can_be_released(api: UploadApi, cast: Cast) -> None:
    alice = new_id()
    photo = await cast.has_photo(alice)
    await api.post("/photos/release", {"owner_id": alice + 1, "photo_ids": [photo.id]})
    assert (await api.get(f"/photos/{photo.id}", alice)).status_code == 200


async def test_texts_of_a_post_show_on_its_photos(api: UploadApi, cast: Cast) -> None:
    alice, bob = new_id(), new_id()
    photo, other = await cast.has_photo(alice), await cast.has_photo(bob)
    said = {str(photo.id): "A lighthouse", str(other.id): "Not mine"}
    body = {"owner_id": alice, "post_id": 7, "alt_texts": said}
    for _ in range(2):
        assert (await api.post("/photos/describe", body)).status_code == 204
    assert (await api.get(f"/photos/{photo.id}", alice)).json()["alt_text"] == "A lighthouse"
    assert (await api.get(f"/photos/{other.id}", bob)).json()["alt_text"] == ""
