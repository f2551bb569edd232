"""Resumable uploads: an unmodified client, two balancers, and connections that break."""

import asyncio
import base64
import hashlib
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import httpx
import pytest
from tusclient.client import TusClient

from tests.eventually import eventually
from tests.journeys.phone import Phone, picture
from tests.suite import Suite

TUS = {"Tus-Resumable": "1.0.0"}
APPEND = {**TUS, "Content-Type": "application/offset+octet-stream"}


@pytest.fixture(scope="module")
def large_picture() -> bytes:
    """A picture followed by four megabytes that decoders ignore."""
    return picture() + bytes(4_000_000)


async def _begin(phone: Phone, content: bytes, **headers: str) -> str:
    length = {"Upload-Length": str(len(content))}
    reply = await phone.http.post("/v1/uploads", headers={**TUS, **length, **headers})
    assert reply.status_code == 201, reply.text
    return str(reply.headers["Location"])


async def _offset(phone: Phone, path: str) -> int:
    reply = await phone.http.head(path, headers=TUS)
    assert reply.status_code == 200
    assert reply.headers["Cache-Control"] == "no-store"
    return int(reply.headers["Upload-Offset"])


async def _append(phone: Phone, path: str, offset: int, content: bytes) -> httpx.Response:
    headers = {**APPEND, "Upload-Offset": str(offset)}
    return await phone.http.patch(path, content=content, headers=headers)


async def test_an_unmodified_client_uploads_a_picture(
    suite: Suite, alice: Phone, large_picture: bytes
) -> None:
    def upload() -> str:
        client = TusClient(
            f"{suite.public_url}/v1/uploads",
            headers={"Authorization": alice.http.headers["Authorization"]},
        )
        uploader = client.uploader(
            file_stream=io.BytesIO(large_picture),
            chunk_size=1_500_000,
            metadata={"filename": "fog.jpg"},
            upload_checksum=True,
        )
        uploader.upload()
        return str(uploader.url)

    url = await asyncio.to_thread(upload)
    reply = await alice.http.head(httpx.URL(url).path, headers=TUS)
    assert reply.headers["Upload-Metadata"] == "filename Zm9nLmpwZw=="
    digest = base64.b64encode(hashlib.sha256(large_picture).digest()).decode()
    assert reply.headers["Repr-Digest"] == f"sha-256=:{digest}:"
    post = await alice.publish(reply.headers["Photo-Id"])
    assert len(post["photos"]) == 1


async def test_bytes_before_a_cut_are_kept(
    suite: Suite, alice: Phone, large_picture: bytes
) -> None:
    path = await _begin(alice, large_picture)
    size = len(large_picture)
    for _cut in range(3):
        offset = await _offset(alice, path)
        async with _line(suite) as writer:
            # It announces all the rest, and sends a good megabyte of it.
            announced = {**APPEND, "Upload-Offset": str(offset)}
            authorization = alice.http.headers["Authorization"]
            lines = [
                f"PATCH {path} HTTP/1.1",
                "Host: photos.example",
                f"Authorization: {authorization}",
                f"Content-Length: {size - offset}",
                *(f"{name}: {value}" for name, value in announced.items()),
            ]
            writer.write("\r\n".join([*lines, "", ""]).encode())
            writer.write(large_picture[offset : offset + 1_200_000])
            await writer.drain()
            await eventually(partial(_has_moved, alice, path, offset))

    async def is_whole() -> httpx.Response:
        # Bytes of the last connection may still be arriving; then it asks for the offset again.
        offset = await _offset(alice, path)
        await _append(alice, path, offset, large_picture[offset:])
        reply = await alice.http.head(path, headers=TUS)
        assert reply.headers["Upload-Offset"] == str(size)
        return reply

    reply = await eventually(is_whole)
    digest = base64.b64encode(hashlib.sha256(large_picture).digest()).decode()
    assert reply.headers["Repr-Digest"] == f"sha-256=:{digest}:"


async def _has_moved(phone: Phone, path: str, at: int) -> None:
    assert await _offset(phone, path) > at


@asynccontextmanager
async def _line(suite: Suite) -> AsyncIterator[asyncio.StreamWriter]:
    """A connection to a balancer that is cut at the end of the block."""
    nginx = suite.plan.nginx
    _reader, writer = await asyncio.open_connection(nginx.replicas[0], nginx.port)
    try:
        yield writer
    finally:
        writer.transport.abort()


async def test_an_upload_begun_at_one_balancer_continues_at_the_other(
    suite: Suite, alice: Phone
) -> None:
    content = picture()
    path = await _begin(alice, content)
    middle = len(content) // 2
    for url, start, end in zip(suite.public_urls, (0, middle), (middle, len(content)), strict=True):
        reply = await _append(alice, f"{url}{path}", start, content[start:end])
        assert reply.status_code == 204, reply.text
        assert reply.headers["Upload-Offset"] == str(end)
    assert "Photo-Id" in reply.headers


async def test_a_body_with_a_wrong_checksum_leaves_nothing(alice: Phone) -> None:
    content = picture()
    path = await _begin(alice, content)
    digest = base64.b64encode(hashlib.sha256(b"another").digest()).decode()
    headers = {**APPEND, "Upload-Offset": "0", "Upload-Checksum": f"sha256 {digest}"}
    reply = await alice.http.patch(path, content=content, headers=headers)
    assert (reply.status_code, reply.json()["code"]) == (460, "checksum_mismatch")
    assert await _offset(alice, path) == 0


async def test_the_first_request_may_bring_bytes(alice: Phone) -> None:
    content = picture()
    headers = {**APPEND, "Upload-Length": str(len(content))}
    reply = await alice.http.post("/v1/uploads", content=content, headers=headers)
    assert reply.status_code == 201
    assert reply.headers["Upload-Offset"] == str(len(content))
    assert await alice.get(f"/v1/photos/{reply.headers['Photo-Id']}")


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Upload-Length": "9"}, 412, "tus_version_not_spoken"),
        (TUS, 400, "bad_request"),
        ({**TUS, "Upload-Length": "20000001"}, 413, "too_large"),
        ({**TUS, "Upload-Length": "0"}, 422, "invalid"),
        ({**TUS, "Upload-Length": "9", "Upload-Metadata": "a b c"}, 400, "bad_request"),
    ],
)
async def test_a_refused_upload_says_why(
    alice: Phone, headers: dict[str, str], status: int, code: str
) -> None:
    reply = await alice.http.post("/v1/uploads", headers=headers)
    assert (reply.status_code, reply.json()["code"]) == (status, code)


async def test_the_protocol_lists_its_capabilities(stranger: httpx.AsyncClient) -> None:
    reply = await stranger.options("/v1/uploads")
    assert reply.status_code == 204
    assert reply.headers["Tus-Version"] == "1.0.0"
    assert "creation-with-upload" in reply.headers["Tus-Extension"]
    assert reply.headers["Tus-Checksum-Algorithm"] == "sha1,sha256"


async def test_a_picture_sent_twice_with_its_digest_is_one_photo(alice: Phone) -> None:
    content = picture()
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    said = {"Repr-Digest": f"sha-256=:{digest}:"}
    headers = {**said, "Content-Type": "image/jpeg"}
    first = await alice.http.post("/v1/photos", content=content, headers=headers)
    assert first.status_code == 202
    path = await _begin(alice, content, **said)
    reply = await _append(alice, path, 0, content)
    assert reply.headers["Photo-Id"] == first.json()["photo"]["id"]
    assert reply.headers["Repr-Digest"] == said["Repr-Digest"]


async def test_a_picture_changed_on_the_way_is_refused(alice: Phone) -> None:
    content = picture()
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    headers = {"Repr-Digest": f"sha-256=:{digest}:", "Content-Type": "image/jpeg"}
    reply = await alice.http.post("/v1/photos", content=content + b"!", headers=headers)
    assert (reply.status_code, reply.json()["code"]) == (422, "digest_mismatch")


async def test_a_photo_is_published_with_its_filter_and_crop(
    alice: Phone, stranger: httpx.AsyncClient
) -> None:
    filters = await alice.get("/v1/filters")
    assert len(filters["filters"]) >= 12
    for url in (filters["plain_url"], filters["filters"][0]["sample_url"]):
        sample = await stranger.get(httpx.URL(url).path)
        assert (sample.status_code, sample.headers["content-type"]) == (200, "image/jpeg")
    photo_id = await alice.upload(picture(600, 600))
    change = {
        "filter": filters["filters"][0]["name"],
        "crop": {"x": 0.25, "y": 0.25, "width": 0.5, "height": 0.25},
    }
    reply = await alice.http.patch(f"/v1/photos/{photo_id}", json=change)
    assert reply.status_code == 200, reply.text
    assert {name: reply.json()[name] for name in change} == change
    (shown,) = (await alice.publish(photo_id))["photos"]
    assert (shown["width"], shown["height"]) == (300, 150)
    large = next(one for one in shown["renditions"] if one["name"] == "large")
    assert (large["width"], large["height"]) == (300, 150)
    again = await alice.http.patch(f"/v1/photos/{photo_id}", json={"filter": None})
    assert (again.status_code, again.json()["code"]) == (409, "photo_already_published")
