"""The limiter in front of the routes: refusals, lasting requests, and slots that come back."""

import asyncio

import httpx
import pytest
from starlette.types import Message, Receive, Scope, Send

from shared.deadlines import deadline_within
from shared.errors import DeadlineExceeded
from shared.http_server.admission import Admission, lasting
from shared.http_server.queue_rules import QueueRules
from shared.http_server.work_queue import WorkQueue
from tests.eventually import eventually


class Door:
    """An application behind the limiter, whose requests run until the test releases them."""

    def __init__(self, rules: QueueRules, *, lasting_max: int = 10) -> None:
        self.begun = 0
        self.let_go = asyncio.Event()
        self.queue = WorkQueue(rules)
        admission = Admission(
            self._work, queue=self.queue, ask_of=lasting("POST /slow"), lasting_max=lasting_max
        )
        transport = httpx.ASGITransport(admission)
        self.http = httpx.AsyncClient(transport=transport, base_url="http://users.internal")

    async def _work(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        self.begun += 1
        await self.let_go.wait()
        start: Message = {"type": "http.response.start", "status": 204, "headers": []}
        await send(start)
        await send({"type": "http.response.body", "body": b""})

    def knock(self, method: str = "GET", path: str = "/") -> asyncio.Task[httpx.Response]:
        return asyncio.create_task(self.http.request(method, path))

    async def has_begun(self, number: int) -> None:
        def begun() -> None:
            assert self.begun == number

        await eventually(begun)

    async def has_waiting(self, number: int) -> None:
        def waiting() -> None:
            assert len(self.queue._line) == number

        await eventually(waiting)


# One slot and no queue.
FULL = QueueRules(at_work_max=1, wait_s_max=0.0)


async def test_what_does_not_fit_is_refused_at_once_with_retry_after() -> None:
    door = Door(FULL)
    first = door.knock()
    await door.has_begun(1)
    refused = await door.knock()
    assert (refused.status_code, refused.json()["code"]) == (503, "overloaded")
    assert refused.headers["retry-after"] == "1"
    door.let_go.set()
    assert (await first).status_code == 204


async def test_a_few_wait_for_their_turn() -> None:
    door = Door(QueueRules(at_work_max=1))
    first = door.knock()
    await door.has_begun(1)
    second = door.knock()
    await door.has_waiting(1)
    door.let_go.set()
    assert [(await first).status_code, (await second).status_code] == [204, 204]


async def test_what_lasts_takes_no_place_and_has_a_bound_of_its_own() -> None:
    door = Door(QueueRules(at_work_max=1), lasting_max=2)
    slow = [door.knock("POST", "/slow") for _ in range(2)]
    await door.has_begun(2)
    quick = door.knock()
    await door.has_begun(3)
    assert (await door.knock("POST", "/slow")).status_code == 503
    door.let_go.set()
    assert [reply.status_code for reply in await asyncio.gather(*slow, quick)] == [204] * 3
    assert (await door.knock("POST", "/slow")).status_code == 204


async def test_a_request_whose_time_is_over_is_not_begun() -> None:
    door = Door(QueueRules(at_work_max=1))
    first = door.knock()
    await door.has_begun(1)
    with deadline_within(0), pytest.raises(DeadlineExceeded):
        await door.http.get("/")
    door.let_go.set()
    await first
    assert door.begun == 1


async def test_a_caller_that_gives_up_frees_its_place() -> None:
    door = Door(QueueRules(at_work_max=1))
    first = door.knock()
    await door.has_begun(1)
    second = door.knock()
    await door.has_waiting(1)
    for task in (second, first):
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    door.let_go.set()
    assert (await door.knock()).status_code == 204


@pytest.mark.parametrize(
    ("route", "is_lasting"),
    [
        ("POST /posts", True),
        ("POST /posts/12/comments", False),
        ("GET /posts", False),
        ("GET /archives/a.zip", True),
        ("GET /archives", False),
    ],
)
def test_routes_that_last_are_named_whole_or_by_what_they_stand_below(
    route: str, is_lasting: bool
) -> None:
    ask_of = lasting("POST /posts", "GET /archives/*")
    method, path = route.split(" ")
    assert ask_of({"method": method, "path": path}).lasts is is_lasting
