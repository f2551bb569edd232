"""A refused beginning leaves no upload that nobody can find."""

import base64
import hashlib
from typing import Any

import pytest

from services.upload.domain.picture_kinds import KindNotTaken, NotAnImage
from services.upload.domain.uploads import OffsetMismatch, TooManyUploads
from shared.errors import AppError
from shared.service_client.replica_transport import TIMEOUT_MS
from shared.sharding.idempotency import LEASE_SECONDS
from tests.gateway import samples
from tests.gateway.conftest import Gateway

TUS = {"Tus-Resumable": "1.0.0", "Upload-Length": "100"}
WITH_BYTES = {**TUS, "Content-Type": "application/offset+octet-stream"}
DRAFT_WITH_BYTES = {"Upload-Complete": "?1", "Content-Type": "application/partial-upload"}
PICTURE = b"x" * 100
BEGUN: dict[str, Any] = {
    "id": 77,
    "offset": 0,
    "length": 100,
    "metadata": "",
    "expires_at": "2026-01-02T03:04:05.678Z",
    "photo": None,
}


def _digest(content: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(content).digest()).decode()}:"


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


@pytest.mark.parametrize("refusal", [NotAnImage(), KindNotTaken()], ids=lambda one: one.code)
async def test_no_picture_ends_an_upload_with_a_key_too(
    refusing: Gateway, refusal: AppError
) -> None:
    refusing.upload.answer("POST", "/uploads/77/pieces", refusal)
    headers = {**WITH_BYTES, "Idempotency-Key": "k"}
    reply = await refusing.http.post("/v1/uploads", content=b"words", headers=headers)
    assert reply.status_code == refusal.status
    assert [asked.method for asked in refusing.upload.asked("/uploads/77")] == ["DELETE"]


async def test_bytes_changed_on_the_way_leave_an_upload_with_a_key(refusing: Gateway) -> None:
    headers = {**WITH_BYTES, "Idempotency-Key": "k", "Content-Digest": _digest(b"other words")}
    reply = await refusing.http.post("/v1/uploads", content=b"words", headers=headers)
    assert reply.json()["code"] == "digest_mismatch"
    assert not refusing.upload.asked("/uploads/77")


@pytest.fixture(params=["tus", "draft"])
def repeated(request: pytest.FixtureRequest) -> dict[str, str]:
    """The headers of a beginning with bytes and a key, in each protocol."""
    headers = WITH_BYTES if request.param == "tus" else DRAFT_WITH_BYTES
    return {**headers, "Idempotency-Key": "k"}


@pytest.fixture
def cut(gateway: Gateway) -> Gateway:
    """A gateway whose upload has the first bytes of a cut request, in other pieces."""
    gateway.upload.answer("POST", "/uploads", {**BEGUN, "offset": 70}, status=201)
    gateway.upload.answer("POST", "/uploads/77/pieces", OffsetMismatch())
    gateway.upload.answer("GET", "/uploads/77", {**BEGUN, "offset": 70})
    return gateway


async def test_a_beginning_repeated_after_a_cut_is_told_where_to_go_on(
    cut: Gateway, repeated: dict[str, str]
) -> None:
    reply = await cut.http.post("/v1/uploads", content=PICTURE, headers=repeated)
    assert reply.status_code == 201
    assert reply.headers["Location"] == "/v1/uploads/77"
    assert reply.headers["Upload-Offset"] == "70"


@pytest.mark.parametrize(("sent", "status"), [(PICTURE, 201), (b"y" * 100, 409)])
async def test_a_finished_beginning_is_repeated_with_its_own_bytes_only(
    cut: Gateway, repeated: dict[str, str], sent: bytes, status: int
) -> None:
    photo = {**samples.photo(), "sha256": hashlib.sha256(PICTURE).hexdigest()}
    cut.upload.answer("GET", "/uploads/77", {**BEGUN, "offset": 100, "photo": photo})
    reply = await cut.http.post("/v1/uploads", content=sent, headers=repeated)
    assert reply.status_code == status
    assert ("Photo-Id" in reply.headers) == (status == 201)


@pytest.mark.parametrize("headers", [TUS, {"Upload-Complete": "?0", "Upload-Length": "100"}])
async def test_the_digest_of_no_bytes_is_checked(gateway: Gateway, headers: dict[str, str]) -> None:
    digest = {"Content-Digest": _digest(b"words")}
    reply = await gateway.http.post("/v1/uploads", headers={**headers, **digest})
    assert reply.json()["code"] == "digest_mismatch"
    assert not gateway.upload.requests


@pytest.mark.parametrize(
    "headers", [WITH_BYTES, {"Upload-Complete": "?1", "Content-Type": "application/partial-upload"}]
)
async def test_a_digest_of_the_whole_is_not_taken_with_later_bytes(
    gateway: Gateway, headers: dict[str, str]
) -> None:
    headers = {**headers, "Upload-Offset": "0", "Repr-Digest": _digest(PICTURE)}
    reply = await gateway.http.patch("/v1/uploads/77", content=PICTURE, headers=headers)
    assert reply.json()["code"] == "bad_request"
    assert not gateway.upload.requests


async def test_each_of_several_digest_headers_counts(gateway: Gateway) -> None:
    digests = [("Content-Digest", "sha-512=:AAAA:"), ("Content-Digest", _digest(b"words"))]
    headers = [*{**WITH_BYTES, "Upload-Offset": "0"}.items(), *digests]
    reply = await gateway.http.patch("/v1/uploads/77", content=PICTURE, headers=headers)
    assert reply.json()["code"] == "digest_mismatch"


async def test_too_many_unfinished_uploads_give_a_retry_time(gateway: Gateway) -> None:
    gateway.upload.answer("POST", "/uploads", TooManyUploads(retry_after_s=10))
    reply = await gateway.http.post("/v1/uploads", headers=TUS)
    assert reply.status_code == 429
    assert reply.json()["code"] == "too_many_uploads"
    assert reply.headers["Retry-After"] == "10"


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("HEAD", TUS),
        ("HEAD", {"Upload-Draft-Interop-Version": "8"}),
        ("PATCH", {**DRAFT_WITH_BYTES, "Upload-Offset": "0"}),
    ],
)
async def test_asking_for_progress_may_outlast_a_lost_lease(
    gateway: Gateway, method: str, headers: dict[str, str]
) -> None:
    gateway.upload.answer("GET", "/uploads/77", BEGUN)
    await gateway.http.request(method, "/v1/uploads/77", headers=headers)
    (asked,) = gateway.upload.asked("/uploads/77")
    assert asked.extensions[TIMEOUT_MS] > LEASE_SECONDS * 1000
