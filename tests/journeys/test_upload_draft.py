"""The IETF draft through the balancers, on the same uploads as tus."""

import base64
import hashlib
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.journeys.phone import Phone, picture
from tests.suite import Suite

TUS = {"Tus-Resumable": "1.0.0"}
TUS_BYTES = {**TUS, "Content-Type": "application/offset+octet-stream"}
VERSION = {"Upload-Draft-Interop-Version": "8"}
PART = {**VERSION, "Upload-Complete": "?0", "Content-Type": "application/partial-upload"}
REST = {**PART, "Upload-Complete": "?1"}


async def _created(phone: Phone, content: bytes) -> str:
    headers = {**VERSION, "Upload-Complete": "?0", "Upload-Length": str(len(content))}
    reply = await phone.http.post("/v1/uploads", headers=headers)
    assert reply.status_code == 201, reply.text
    assert reply.headers["Upload-Limit"].startswith("max-size=20000000, min-size=1, max-age=")
    return str(reply.headers["Location"])


async def _append(
    url: str, phone: Phone, offset: int, content: bytes, headers: dict[str, str]
) -> httpx.Response:
    said = {**headers, "Upload-Offset": str(offset)}
    return await phone.http.patch(url, content=content, headers=said)


async def test_a_picture_is_sent_by_the_draft_at_both_balancers(suite: Suite, alice: Phone) -> None:
    content = picture()
    middle = len(content) // 2
    path = await _created(alice, content)
    one, other = (f"{url}{path}" for url in suite.public_urls)
    first = await _append(one, alice, 0, content[:middle], PART)
    assert (first.status_code, first.headers["Upload-Complete"]) == (204, "?0")
    # As if the reply had been lost.
    again = await _append(other, alice, 0, content[:middle], PART)
    assert (again.status_code, again.headers["Upload-Offset"]) == (409, str(middle))
    assert again.json()["expected-offset"] == middle
    head = await alice.http.head(other, headers=VERSION)
    assert (head.status_code, head.headers["Upload-Offset"]) == (204, str(middle))
    assert head.headers["Cache-Control"] == "no-store"
    last = await _append(other, alice, middle, content[middle:], REST)
    assert (last.status_code, last.headers["Upload-Complete"]) == (204, "?1")
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    assert last.headers["Repr-Digest"] == f"sha-256=:{digest}:"
    # Its reply may have been lost, too.
    empty = await _append(one, alice, len(content), b"", REST)
    assert empty.headers["Photo-Id"] == last.headers["Photo-Id"]
    assert len((await alice.publish(last.headers["Photo-Id"]))["photos"]) == 1


@pytest.mark.parametrize("in_chunks", [False, True])
async def test_the_first_request_may_bring_the_whole_picture(alice: Phone, in_chunks: bool) -> None:
    content = picture()

    async def chunks() -> AsyncIterator[bytes]:
        yield content[:1000]
        yield content[1000:]

    length = {"Upload-Length": str(len(content))} if in_chunks else {}
    headers = {"Upload-Complete": "?1", "Content-Type": "image/jpeg", **length}
    body = chunks() if in_chunks else content
    reply = await alice.http.post("/v1/uploads", content=body, headers=headers)
    assert (reply.status_code, reply.headers["Upload-Complete"]) == (201, "?1"), reply.text
    assert await alice.get(f"/v1/photos/{reply.headers['Photo-Id']}")


@pytest.mark.parametrize("begins_by_tus", [True, False])
async def test_an_upload_goes_on_in_the_other_protocol(alice: Phone, begins_by_tus: bool) -> None:
    content = picture()
    if begins_by_tus:
        length = {"Upload-Length": str(len(content))}
        begun = await alice.http.post("/v1/uploads", headers={**TUS, **length})
        path = str(begun.headers["Location"])
    else:
        path = await _created(alice, content)
    first, last = (TUS_BYTES, REST) if begins_by_tus else (PART, TUS_BYTES)
    assert (await _append(path, alice, 0, content[:99], first)).status_code == 204
    mixed = await _append(path, alice, 99, content[99:], {**REST, **TUS})
    assert (mixed.status_code, mixed.json()["code"]) == (400, "bad_request")
    reply = await _append(path, alice, 99, content[99:], last)
    assert reply.status_code == 204, reply.text
    assert "Photo-Id" in reply.headers


async def test_a_cancelled_upload_is_gone(alice: Phone) -> None:
    path = await _created(alice, picture())
    assert (await alice.http.delete(path, headers=VERSION)).status_code == 204
    assert (await alice.http.head(path, headers=VERSION)).status_code == 404


async def test_bytes_that_are_no_picture_are_not_to_be_resumed(alice: Phone) -> None:
    content = b"words " * 100
    path = await _created(alice, content)
    reply = await _append(path, alice, 0, content, REST)
    assert (reply.status_code, reply.json()["code"]) == (422, "not_an_image")
    assert reply.headers["Upload-Complete"] == "?1"
