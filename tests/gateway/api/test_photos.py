"""Uploads are forwarded as they arrive."""

from collections.abc import AsyncIterator

import orjson
import pytest

from shared.errors import Conflict, TooLarge
from tests.gateway.conftest import Gateway
from tests.gateway.samples import photo


async def test_raw_bytes_are_passed_on_with_their_type(gateway: Gateway) -> None:
    gateway.upload.answer("POST", "/photos", photo(), status=202)
    reply = await gateway.http.post(
        "/v1/photos", content=b"\xff\xd8\xff" * 1000, headers={"Content-Type": "image/jpeg"}
    )
    (asked,) = gateway.upload.asked("/photos")
    assert reply.status_code == 202
    assert reply.json()["photo"]["id"] == "501"
    assert asked.content == b"\xff\xd8\xff" * 1000
    assert asked.headers["content-type"] == "image/jpeg"
    assert asked.headers["content-length"] == "3000"
    assert asked.headers["idempotency-key"]


async def test_the_digest_of_the_bytes_is_passed_on(gateway: Gateway) -> None:
    gateway.upload.answer("POST", "/photos", photo(), status=202)
    headers = {"Content-Type": "image/jpeg", "Repr-Digest": "sha-256=:AAAA:"}
    await gateway.http.post("/v1/photos", content=b"\xff\xd8\xff", headers=headers)
    (asked,) = gateway.upload.asked("/photos")
    assert asked.headers["repr-digest"] == headers["Repr-Digest"]


async def test_a_form_is_passed_on_as_it_is(gateway: Gateway) -> None:
    gateway.upload.answer("POST", "/photos", photo(), status=202)
    await gateway.http.post(
        "/v1/photos",
        files={"file": ("a.jpg", b"\xff\xd8\xff", "image/jpeg")},
        headers={"Idempotency-Key": "k1"},
    )
    (asked,) = gateway.upload.asked("/photos")
    assert asked.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert b'name="file"; filename="a.jpg"' in asked.content
    assert asked.headers["idempotency-key"] == "k1"


async def test_a_body_that_declares_too_many_bytes_is_refused_at_once(gateway: Gateway) -> None:
    reply = await gateway.http.post(
        "/v1/photos", content=b"x" * (21 * 1024 * 1024 + 1), headers={"Content-Type": "image/png"}
    )
    assert (reply.status_code, reply.json()["code"]) == (413, "too_large")
    assert not gateway.upload.requests


async def test_a_body_that_grows_too_large_is_refused_while_it_arrives(gateway: Gateway) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(22):
            yield b"x" * 1024 * 1024

    reply = await gateway.http.post(
        "/v1/photos", content=chunks(), headers={"Content-Type": "image/png"}
    )
    assert (reply.status_code, reply.json()["code"]) == (413, "too_large")


async def test_uploads_refusal_is_passed_on_unchanged(gateway: Gateway) -> None:
    gateway.upload.answer("POST", "/photos", TooLarge("At most 20 MB."))
    reply = await gateway.http.post(
        "/v1/photos", content=b"x", headers={"Content-Type": "image/png"}
    )
    assert (reply.status_code, reply.json()["detail"]) == (413, "At most 20 MB.")


async def test_an_own_photo_has_signed_addresses(gateway: Gateway) -> None:
    gateway.upload.answer("GET", "/photos/501", photo())
    reply = await gateway.http.get("/v1/photos/501")
    (rendition,) = reply.json()["renditions"]
    assert rendition["url"].startswith("http://photos.example/media/renditions/501/large-")
    assert "&s=" in rendition["url"]


@pytest.mark.parametrize("path", ["/v1/users", "/v1/sessions", "/v1/posts"])
async def test_no_other_route_takes_a_large_body(gateway: Gateway, path: str) -> None:
    reply = await gateway.http.post(
        path, content=b"x" * (1024 * 1024 + 1), headers={"Content-Type": "application/json"}
    )
    assert (reply.status_code, reply.json()["code"]) == (413, "too_large")


async def test_the_alt_text_of_a_published_photo_is_changed_in_its_post(gateway: Gateway) -> None:
    published = Conflict()
    published.code = "photo_already_published"
    gateway.upload.answer("PATCH", "/photos/501", published)
    gateway.upload.answer("GET", "/photos/501", {**photo(), "post_id": 77})
    gateway.feed.answer("PATCH", "/posts/77", {})
    reply = await gateway.http.patch("/v1/photos/501", json={"alt_text": "A lighthouse"})
    assert (reply.status_code, reply.json()["alt_text"]) == (200, "A lighthouse")
    assert reply.json()["post_id"] == "77"
    (asked,) = gateway.feed.asked("/posts/77")
    assert orjson.loads(asked.content) == {"alt_texts": {"501": "A lighthouse"}}


@pytest.mark.parametrize("said", [{"filter": "fog"}, {"alt_text": "A", "filter": "fog"}])
async def test_a_published_photo_keeps_its_filter_and_crop(
    gateway: Gateway, said: dict[str, str]
) -> None:
    published = Conflict()
    published.code = "photo_already_published"
    gateway.upload.answer("PATCH", "/photos/501", published)
    reply = await gateway.http.patch("/v1/photos/501", json=said)
    assert (reply.status_code, reply.json()["code"]) == (409, "photo_already_published")
