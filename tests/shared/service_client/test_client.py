"""Calls between services over TLS: headers, deadlines, bodies and errors."""

import asyncio
import hashlib
from collections.abc import AsyncIterator

import pytest
from prometheus_client import REGISTRY

from shared import errors
from shared.deadlines import deadline_within
from shared.errors import AppError, DeadlineExceeded, Invalid, NotFound, Unavailable
from shared.logs import request_id
from shared.service_client.client import ServiceClient
from tests.eventually import eventually
from tests.shared.conftest import ClientOf
from tests.shared.replica_app import LARGE_CHARS
from tests.shared.replica_process import ReplicaProcess


async def test_the_viewer_and_the_request_id_arrive(client: ServiceClient) -> None:
    token = request_id.set("request-0001")
    try:
        seen = await client.get("/who", viewer_id=42)
    finally:
        request_id.reset(token)
    assert seen["viewer_id"] == 42
    assert seen["request_id"] == "request-0001"


async def test_a_call_without_a_viewer_vouches_for_none(client: ServiceClient) -> None:
    assert (await client.get("/who"))["viewer_id"] is None


async def test_the_time_left_travels_with_the_call(client: ServiceClient) -> None:
    assert 0 < (await client.get("/who", timeout_ms=1_000))["remaining_ms"] <= 1_000


async def test_a_call_is_allowed_no_more_than_the_request_has_left(client: ServiceClient) -> None:
    with deadline_within(300):
        assert (await client.get("/who", timeout_ms=1_000))["remaining_ms"] <= 300


async def test_an_answer_that_comes_too_late_is_a_deadline_exceeded(client: ServiceClient) -> None:
    with pytest.raises(DeadlineExceeded):
        await client.get("/slow", params={"ms": 5_000}, timeout_ms=100)


async def test_no_call_begins_after_the_deadline(client: ServiceClient) -> None:
    before = {outcome: _ended(client, outcome) for outcome in ("deadline_passed", "unreachable")}
    with deadline_within(0), pytest.raises(DeadlineExceeded):
        await client.get("/who")
    assert _ended(client, "deadline_passed") == before["deadline_passed"] + 1
    assert _ended(client, "unreachable") == before["unreachable"]


def _ended(client: ServiceClient, outcome: str) -> float:
    labels = {"upstream": client.name, "outcome": outcome}
    return REGISTRY.get_sample_value("retrato_upstream_calls_total", labels) or 0


@pytest.mark.parametrize(
    "kind",
    [
        name
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, AppError) and kind is not AppError
    ],
)
async def test_every_kind_of_error_comes_back_as_itself(client: ServiceClient, kind: str) -> None:
    expected: type[AppError] = getattr(errors, kind)
    with pytest.raises(expected) as caught:
        await client.get(f"/fail/{kind}")
    assert type(caught.value) is expected
    assert caught.value.code == expected.code
    assert caught.value.detail == f"{kind} happened."
    assert caught.value.status == expected.status


async def test_a_named_error_keeps_its_code_and_title(client: ServiceClient) -> None:
    with pytest.raises(errors.Conflict) as caught:
        await client.get("/fail/UsernameTaken")
    assert (caught.value.code, caught.value.title) == ("username_taken", "This username is taken.")


async def test_rejected_fields_come_back(client: ServiceClient) -> None:
    with pytest.raises(Invalid) as caught:
        await client.get("/fail/InvalidFields")
    assert [field.field for field in caught.value.errors] == ["username", "email"]


async def test_retry_after_comes_back(client: ServiceClient) -> None:
    with pytest.raises(errors.RequestInProgress) as caught:
        await client.get("/fail/RequestInProgress")
    assert caught.value.retry_after_s == 7


async def test_a_fault_over_there_gives_nothing_away(client: ServiceClient) -> None:
    with pytest.raises(AppError) as caught:
        await client.get("/fail/unexpected")
    assert caught.value.status == 500
    assert "secret" not in caught.value.detail


async def test_an_unknown_address_is_not_found(client: ServiceClient) -> None:
    with pytest.raises(NotFound):
        await client.get("/nowhere")


async def test_a_service_that_does_not_know_our_key_is_unavailable(
    client_of: ClientOf, replicas: list[ReplicaProcess]
) -> None:
    client = client_of(replicas[0].address)
    client._signer._key = "b" * 64
    with pytest.raises(Unavailable) as caught:
        await client.get("/who")
    assert caught.value.status == 503


async def test_a_body_and_its_idempotency_key_arrive(client: ServiceClient) -> None:
    made = await client.post("/people", {"username": "alice"}, idempotency_key="key-1")
    assert made == {"username": "alice", "key": "key-1"}


async def test_no_content_is_none(client: ServiceClient) -> None:
    assert await client.delete("/nothing") is None


async def test_parameters_that_are_none_are_left_out(client: ServiceClient) -> None:
    assert await client.get("/slow", params={"ms": 1, "cursor": None}) == {"slept_ms": 1}


async def test_a_stream_arrives_whole_and_framed_by_its_length(client: ServiceClient) -> None:
    chunk, count = bytes(range(256)) * 256, 80

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(count):
            yield chunk

    length = len(chunk) * count
    headers = {"Content-Type": "image/jpeg", "Content-Length": str(length)}
    seen = await client.post_stream("/bytes", chunks(), headers)
    assert seen["sha256"] == hashlib.sha256(chunk * count).hexdigest()
    assert seen["headers"] == {"content-type": "image/jpeg", "content-length": str(length)}


async def test_a_stream_of_unknown_length_arrives_whole(client: ServiceClient) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"one "
        yield b"two"

    seen = await client.post_stream("/bytes", chunks(), {"Content-Type": "image/png"})
    assert seen["length"] == 7
    assert seen["headers"]["content-length"] is None


async def test_a_large_answer_arrives_whole(client: ServiceClient) -> None:
    assert len((await client.get("/large"))["text"]) == LARGE_CHARS


async def test_a_certificate_of_another_name_is_refused(
    client_of: ClientOf, replicas: list[ReplicaProcess]
) -> None:
    impostor = client_of(replicas[0].address, host="feed.internal")
    with pytest.raises(Unavailable):
        await impostor.get("/who")


async def test_a_thousand_cancelled_calls_leak_no_slot(
    client: ServiceClient, replicas: list[ReplicaProcess]
) -> None:
    for _ in range(12):
        calls = [asyncio.create_task(client.get("/slow", params={"ms": 300})) for _ in range(90)]
        # On a busy machine one of these may fail, which does not matter here.
        others = (client.get("/who") for _ in range(10))
        await asyncio.gather(*others, return_exceptions=True)
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)

    async def all_are_answered() -> None:
        calls = (client.get("/who") for _ in range(100))
        answers = await asyncio.gather(*calls, return_exceptions=True)
        assert not [answer for answer in answers if isinstance(answer, BaseException)]

    for _ in range(2):
        await eventually(all_are_answered)
    assert all(replica.in_flight == 0 for replica in client._transport._replicas._replicas)  # type: ignore[attr-defined]
