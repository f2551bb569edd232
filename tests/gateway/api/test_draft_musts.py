"""What the IETF draft of resumable uploads demands, and that a cut creation leaves nothing."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from starlette.types import Message

from services.upload.actions.receive_photo import PictureTooLarge
from services.upload.domain.picture_kinds import NotAnImage
from services.upload.domain.uploads import OffsetMismatch
from shared.wire_time import wire_time
from tests.gateway.api.draft_musts import (
    ALL,
    BYTES,
    DEMANDS,
    LIFE,
    ONE,
    PART,
    REST,
    TEN,
    Demand,
)
from tests.gateway.conftest import TOKEN, Gateway


class OneUpload:
    """Upload's side of one upload of ten bytes, by the rules of the real one."""

    def __init__(self, gateway: Gateway, at: int = 0) -> None:
        self.at = at
        gateway.upload.answer("POST", "/uploads", self._begun, status=201)
        gateway.upload.answer("GET", "/uploads/77", lambda _request: self._told())
        gateway.upload.answer("POST", "/uploads/77/pieces", self._appended)
        gateway.upload.answer("DELETE", "/uploads/77", None)

    def _told(self) -> dict[str, Any]:
        expires_at = datetime.now(UTC) + timedelta(seconds=int(LIFE))
        photo = {"id": 5, "sha256": "00" * 32} if self.at == len(TEN) else None
        return {
            "id": 77,
            "offset": self.at,
            "length": len(TEN),
            "metadata": "",
            "expires_at": wire_time(expires_at),
            "photo": photo,
        }

    def _begun(self, request: httpx.Request) -> Any:
        return PictureTooLarge() if b"20000001" in request.content else self._told()

    def _appended(self, request: httpx.Request) -> Any:
        start, size = int(request.url.params["offset"]), len(request.content)
        if start != self.at:
            return OffsetMismatch()
        if start + size > len(TEN):
            return PictureTooLarge()
        self.at += size
        return self._told()


def _steady(value: str | None) -> str | None:
    # The rest of a day, as if no moment of it had passed.
    return None if value is None else re.sub(r"=86[34]\d\d$", f"={LIFE}", value)


async def _in_chunks(content: bytes) -> AsyncIterator[bytes]:
    yield content


@pytest.mark.parametrize("demand", DEMANDS, ids=lambda demand: demand.section)
async def test_each_demand_of_the_draft(gateway: Gateway, demand: Demand) -> None:
    OneUpload(gateway, demand.at)
    content = _in_chunks(demand.content) if demand.in_chunks else demand.content
    reply = await gateway.http.request(
        demand.method, demand.path, headers=dict(demand.sent), content=content or None
    )
    assert reply.status_code == demand.status, reply.text
    assert {name: _steady(reply.headers.get(name)) for name in demand.headers} == demand.headers
    if demand.problem and demand.method != "HEAD":
        assert demand.problem.items() <= reply.json().items()
    asked = tuple(f"{one.method} {one.url.path}" for one in gateway.upload.requests)
    assert asked == demand.touches


@pytest.mark.parametrize(("method", "path"), [("POST", ALL), ("PATCH", ONE)])
async def test_a_refused_picture_completes_its_upload(
    gateway: Gateway, method: str, path: str
) -> None:
    OneUpload(gateway)
    gateway.upload.answer("POST", "/uploads/77/pieces", NotAnImage())
    headers = {**REST, **BYTES, "Upload-Offset": "0"}
    reply = await gateway.http.request(method, path, headers=headers, content=TEN)
    assert (reply.status_code, reply.json()["code"]) == (422, "not_an_image")
    assert reply.headers["Upload-Complete"] == "?1"


async def test_bytes_that_came_twice_at_once_name_the_offset_that_won(gateway: Gateway) -> None:
    one = OneUpload(gateway)

    def faster(_request: httpx.Request) -> OffsetMismatch:
        one.at = 5
        return OffsetMismatch()

    gateway.upload.answer("POST", "/uploads/77/pieces", faster)
    headers = {**PART, **BYTES, "Upload-Offset": "0"}
    reply = await gateway.http.patch(ONE, headers=headers, content=b"fog")
    assert (reply.status_code, reply.headers["Upload-Offset"]) == (409, "5")
    assert reply.json()["expected-offset"] == 5


TUS_BEGIN = {
    "Tus-Resumable": "1.0.0",
    "Upload-Length": "10",
    "Content-Type": "application/offset+octet-stream",
}


@pytest.mark.parametrize("sent", [TUS_BEGIN, {**REST, "Content-Length": "10"}])
@pytest.mark.parametrize(("key", "is_dropped"), [({}, True), ({"Idempotency-Key": "k"}, False)])
async def test_a_creation_that_is_cut_leaves_no_upload_that_nobody_finds(
    gateway: Gateway, sent: dict[str, str], key: dict[str, str], is_dropped: bool
) -> None:
    OneUpload(gateway)
    await _cut(gateway, {**sent, **key}, b"fog")
    kept = [request.content for request in gateway.upload.asked("/uploads/77/pieces")]
    assert kept == [b"fog"]
    dropped = [request.method for request in gateway.upload.asked("/uploads/77")]
    assert dropped == (["DELETE"] if is_dropped else [])


async def _cut(gateway: Gateway, headers: dict[str, str], content: bytes) -> None:
    """A POST whose connection breaks after `content`."""
    arriving: list[Message] = [{"type": "http.request", "body": content, "more_body": True}]

    async def receive() -> Message:
        return arriving.pop() if arriving else {"type": "http.disconnect"}

    async def send(_message: Message) -> None:
        pass

    named = {"Host": "photos.example", "Authorization": f"Bearer {TOKEN}", **headers}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": ALL,
        "raw_path": ALL.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in named.items()],
        "client": ("127.0.0.1", 1),
        "server": ("photos.example", 80),
    }
    await gateway.app(scope, receive, send)
