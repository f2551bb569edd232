"""A refused beginning leaves no upload that nobody can find."""

from typing import Any

import pytest

from services.upload.domain.picture_kinds import NotAnImage
from services.upload.domain.uploads import TooManyUploads
from tests.gateway.conftest import Gateway

TUS = {"Tus-Resumable": "1.0.0", "Upload-Length": "100"}
WITH_BYTES = {**TUS, "Content-Type": "application/offset+octet-stream"}
BEGUN: dict[str, Any] = {
    "id": 77,
    "offset": 0,
    "length": 100,
    "metadata": "",
    "expires_at": "2026-01-02T03:04:05.678Z",
    "photo": None,
}


@pytest.fixture
def refusing(gateway: Gateway) -> Gateway:
    """A gateway whose uploads begin, but whose first bytes are no picture."""
    gateway.upload.answer("POST", "/uploads", BEGUN, status=201)
    gateway.upload.answer("POST", "/uploads/77/pieces", NotAnImage())
    gateway.upload.answer("DELETE", "/uploads/77", None)
    return gateway


async def test_an_upload_whose_first_bytes_are_refused_is_deleted(refusing: Gateway) -> None:
    reply = await refusing.http.post("/v1/uploads", content=b"words", headers=WITH_BYTES)
    assert reply.status_code == 422
    assert reply.json()["code"] == "not_an_image"
    assert [asked.method for asked in refusing.upload.asked("/uploads/77")] == ["DELETE"]


async def test_the_refusal_is_returned_even_if_the_upload_cannot_be_deleted(
    refusing: Gateway,
) -> None:
    del refusing.upload.answers["DELETE", "/uploads/77"]
    reply = await refusing.http.post("/v1/uploads", content=b"words", headers=WITH_BYTES)
    assert reply.json()["code"] == "not_an_image"


async def test_a_refused_upload_with_a_key_is_kept(refusing: Gateway) -> None:
    headers = {**WITH_BYTES, "Idempotency-Key": "k"}
    reply = await refusing.http.post("/v1/uploads", content=b"words", headers=headers)
    assert reply.status_code == 422
    assert not refusing.upload.asked("/uploads/77")


async def test_too_many_unfinished_uploads_give_a_retry_time(gateway: Gateway) -> None:
    gateway.upload.answer("POST", "/uploads", TooManyUploads(retry_after_s=10))
    reply = await gateway.http.post("/v1/uploads", headers=TUS)
    assert reply.status_code == 429
    assert reply.json()["code"] == "too_many_uploads"
    assert reply.headers["Retry-After"] == "10"
