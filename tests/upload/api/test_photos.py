"""Sending and polling photos over HTTP."""

import hashlib
import secrets

import pytest

from tests.upload.cast import Cast, new_id
from tests.upload.pictures import four_corners, jpeg, png, small_jpeg
from tests.upload.upload_api import UploadApi


async def test_a_received_picture_is_processing(api: UploadApi) -> None:
    alice = new_id()
    reply = await api.send_picture(alice, small_jpeg())
    assert reply.status_code == 202
    photo = reply.json()
    assert photo["state"] == "processing"
    assert photo["owner_id"] == alice
    assert photo["sha256"] == hashlib.sha256(small_jpeg()).hexdigest()
    assert photo["renditions"] == []
    assert (await api.get(f"/photos/{photo['id']}", alice)).json() == photo


async def test_a_picture_may_come_in_a_form(api: UploadApi) -> None:
    file = ("IMG_1.HEIC", small_jpeg(), "image/heic")
    reply = await api.send_form(new_id(), note=(None, "hello"), file=file)
    assert reply.status_code == 202
    assert reply.json()["sha256"] == hashlib.sha256(small_jpeg()).hexdigest()


async def test_a_photo_lies_in_its_owners_shard(api: UploadApi, cast: Cast) -> None:
    alice = new_id()
    photo = (await api.send_picture(alice, small_jpeg())).json()
    assert (photo["id"] >> 10) % 64 == (alice >> 10) % 64


async def test_a_ready_photo_is_shown_with_its_renditions(api: UploadApi, cast: Cast) -> None:
    alice = new_id()
    sent = (await api.send_picture(alice, small_jpeg())).json()
    await cast.processes(sent["id"])
    photo = (await api.get(f"/photos/{sent['id']}", alice)).json()
    assert photo["state"] == "ready"
    assert (photo["width"], photo["height"]) == (800, 600)
    assert [r["name"] for r in photo["renditions"]] == ["large", "medium", "small", "thumb"]
    assert photo["thumbhash"]


async def test_only_its_owner_sees_a_photo(api: UploadApi) -> None:
    alice, bob = new_id(), new_id()
    photo = (await api.send_picture(alice, small_jpeg())).json()
    for viewer in (bob,):
        reply = await api.get(f"/photos/{photo['id']}", viewer)
        assert (reply.status_code, reply.json()["code"]) == (404, "not_found")
    assert (await api.get(f"/photos/{photo['id']}")).status_code == 401


@pytest.mark.parametrize("photo_id", ["0", "-1", str(2**63), "12345"])
async def test_an_impossible_id_gives_404(api: UploadApi, photo_id: str) -> None:
    assert (await api.get(f"/photos/{photo_id}", new_id())).status_code == 404


@pytest.mark.parametrize(
    ("content", "kind", "status", "code"),
    [
        (b"hello, world", "image/jpeg", 422, "not_an_image"),
        (b"", "image/jpeg", 422, "not_an_image"),
        (b"GIF89a" + b"\0" * 100, "image/gif", 415, "unsupported_media_type"),
        (small_jpeg(), "application/json", 415, "unsupported_media_type"),
        (small_jpeg(), "", 415, "unsupported_media_type"),
        (small_jpeg(), "multipart/form-data", 400, "bad_request"),
        (small_jpeg(), "multipart/form-data; boundary=x", 400, "bad_request"),
    ],
)
async def test_bytes_that_are_no_picture_are_refused(
    api: UploadApi, content: bytes, kind: str, status: int, code: str
) -> None:
    reply = await api.send_picture(new_id(), content, kind=kind)
    assert (reply.status_code, reply.json()["code"]) == (status, code)


async def test_a_form_without_a_file_is_refused(api: UploadApi) -> None:
    reply = await api.send_form(new_id(), picture=("a.jpg", small_jpeg(), "image/jpeg"))
    assert reply.status_code == 422
    assert reply.json()["errors"][0]["field"] == "file"


async def test_the_content_decides_and_not_the_declared_type(api: UploadApi) -> None:
    reply = await api.send_picture(new_id(), png(four_corners(30, 30)), kind="image/jpeg")
    assert reply.status_code == 202


async def test_a_picture_of_more_than_twenty_megabytes_is_refused(api: UploadApi) -> None:
    too_much = small_jpeg() + b"\0" * 20_000_000
    reply = await api.send_picture(new_id(), too_much)
    assert (reply.status_code, reply.json()["code"]) == (413, "too_large")
    reply = await api.send_form(new_id(), file=("a.jpg", too_much, "image/jpeg"))
    assert (reply.status_code, reply.json()["code"]) == (413, "too_large")


async def test_a_picture_of_exactly_twenty_megabytes_is_accepted(api: UploadApi) -> None:
    content = small_jpeg().ljust(20_000_000, b"\0")
    reply = await api.send_form(new_id(), file=("a.jpg", content, "image/jpeg"))
    assert reply.status_code == 202
    assert reply.json()["sha256"] == hashlib.sha256(content).hexdigest()


async def test_the_same_key_and_picture_give_the_same_reply(api: UploadApi) -> None:
    alice, key = new_id(), secrets.token_hex(8)
    first = await api.send_picture(alice, small_jpeg(), key=key)
    again = await api.send_picture(alice, small_jpeg(), key=key)
    assert again.status_code == 202
    assert again.json() == first.json()
    other_person = await api.send_picture(new_id(), small_jpeg(), key=key)
    assert other_person.json()["id"] != first.json()["id"]


async def test_the_same_key_with_another_picture_is_refused(api: UploadApi) -> None:
    alice, key = new_id(), secrets.token_hex(8)
    await api.send_picture(alice, small_jpeg(), key=key)
    reply = await api.send_picture(alice, jpeg(four_corners(30, 40)), key=key)
    assert (reply.status_code, reply.json()["code"]) == (422, "idempotency_key_reused")


async def test_without_a_viewer_nothing_is_received(api: UploadApi) -> None:
    assert (await api.send_picture(None, small_jpeg())).status_code == 401
    assert (await api.client.post("/photos", content=small_jpeg())).status_code == 401


async def test_the_owner_sets_the_alternative_text(api: UploadApi, cast: Cast) -> None:
    alice = new_id()
    photo = await cast.has_photo(alice)
    path = f"/photos/{photo.id}"
    changed = await api.patch(path, {"alt_text": "Fog,\nand a lighthouse."}, alice)
    assert changed.json()["alt_text"] == "Fog,\nand a lighthouse."
    assert (await api.get(path, alice)).json() == changed.json()
    assert (await api.patch(path, {"alt_text": "Mine."}, new_id())).status_code == 404


@pytest.mark.parametrize("alt_text", ["x" * 1501, "a\u0000b", "a\u202eb"])
async def test_an_invalid_text_is_refused(api: UploadApi, cast: Cast, alt_text: str) -> None:
    alice = new_id()
    photo = await cast.has_photo(alice)
    reply = await api.patch(f"/photos/{photo.id}", {"alt_text": alt_text}, alice)
    assert reply.status_code == 422
    assert [error["field"] for error in reply.json()["errors"]] == ["alt_text"]


async def test_only_the_owner_can_delete_a_photo(api: UploadApi, cast: Cast) -> None:
    alice = new_id()
    path = f"/photos/{(await cast.has_photo(alice)).id}"
    assert (await api.delete(path, new_id())).status_code == 204
    assert (await api.get(path, alice)).status_code == 200
    for _time in range(2):
        assert (await api.delete(path, alice)).status_code == 204
    assert (await api.get(path, alice)).status_code == 404


async def test_a_published_photo_can_be_neither_edited_nor_deleted(
    api: UploadApi, cast: Cast
) -> None:
    alice = new_id()
    photo = await cast.has_photo(alice)
    claim = {"photo_ids": [photo.id], "claimant": "post/1"}
    assert (await api.post("/photos/claim", claim, alice)).status_code == 200
    path = f"/photos/{photo.id}"
    for reply in (
        await api.patch(path, {"alt_text": "Fog."}, alice),
        await api.delete(path, alice),
    ):
        assert (reply.status_code, reply.json()["code"]) == (409, "photo_already_published")
