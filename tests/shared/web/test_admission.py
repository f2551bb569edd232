"""The door: who gets in, who waits, who is refused, and that nobody is forgotten in between."""

import asyncio

import httpx
import pytest
from starlette.types import Message, Receive, Scope, Send

from shared.deadlines import deadline_within
from shared.errors import DeadlineExceeded
from shared.web.admission import Admission, AdmissionLimits
from tests.eventually import eventually


class Door:
    """An application behind the door, that works until it is let go."""

    def __init__(self, limits: AdmissionLimits) -> None:
        self.begun = 0
        self.let_go = asyncio.Event()
        self.admission = Admission(self._work, limits=limits)
        transport = httpx.ASGITransport(self.admission)
        self.http = httpx.AsyncClient(transport=transport, base_url="http://users.internal")

    async def _work(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        self.begun += 1
        await self.let_go.wait()
        start: Message = {"type": "http.response.start", "status": 204, "headers": []}
        await send(start)
        await send({"type": "http.response.body", "body": b""})

    def knock(self) -> asyncio.Task[httpx.Response]:
        return asyncio.create_task(self.http.get("/"))

    async def has_begun(self, number: int) -> None:
        def begun() -> None:
            assert self.begun == number

        await eventually(begun)

    async def has_waiting(self, number: int) -> None:
        def waiting() -> None:
            assert self.admission._waiting == number

        await eventually(waiting)


async def test_what_does_not_fit_is_refused_at_once_with_retry_after() -> None:
    door = Door(AdmissionLimits(concurrent_max=1, waiting_max=0))
    first = door.knock()
    await door.has_begun(1)
    refused = await door.knock()
    assert (refused.status_code, refused.json()["code"]) == (503, "overloaded")
    assert refused.headers["retry-after"] == "1"
    door.let_go.set()
    assert (await first).status_code == 204


async def test_a_few_wait_for_their_turn() -> None:
    door = Door(AdmissionLimits(concurrent_max=1, waiting_max=1, wait_ms_max=5_000))
    first = door.knock()
    await door.has_begun(1)
    second = door.knock()
    await door.has_waiting(1)
    assert (await door.knock()).status_code == 503
    door.let_go.set()
    assert [(await first).status_code, (await second).status_code] == [204, 204]


async def test_nobody_waits_for_long() -> None:
    door = Door(AdmissionLimits(concurrent_max=1, waiting_max=1, wait_ms_max=20))
    first = door.knock()
    await door.has_begun(1)
    assert (await door.knock()).status_code == 503
    door.let_go.set()
    await first


async def test_a_request_whose_time_is_over_is_not_begun() -> None:
    door = Door(AdmissionLimits(concurrent_max=1, waiting_max=1))
    first = door.knock()
    await door.has_begun(1)
    with deadline_within(0), pytest.raises(DeadlineExceeded):
        await door.http.get("/")
    door.let_go.set()
    await first
    assert door.begun == 1


async def test_a_caller_that_gives_up_frees_its_place() -> None:
    door = Door(AdmissionLimits(concurrent_max=1, waiting_max=1, wait_ms_max=5_000))
    first = door.knock()
    await door.has_begun(1)
    second = door.knock()
    await door.has_waiting(1)
    for task in (second, first):
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    door.let_go.set()
    assert (await door.knock()).status_code == 204
    assert door.admission._waiting == 0
