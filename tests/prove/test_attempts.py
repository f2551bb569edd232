"""A reply says whether an intent took effect, did not, or nobody knows."""

import asyncio
import random
from collections.abc import Sequence

import httpx
import orjson
import pytest

from prove import attempts
from prove.attempts import Sender
from prove.history import Outcome

Given = tuple[int, str] | type[httpx.TransportError]
OK: Given = (201, "")


class Scripted:
    """An exchange that answers what it was given, in order."""

    def __init__(self, given: Sequence[Given]) -> None:
        self._given = list(given)

    async def send(
        self, request: httpx.Request, _address: str, _timeout_s: float
    ) -> httpx.Response:
        one = self._given.pop(0)
        if not isinstance(one, tuple):
            raise one("away", request=request)
        status, code = one
        return httpx.Response(status, content=orjson.dumps({"code": code}))


@pytest.fixture(autouse=True)
def _impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "FIRST_WAIT_S", 0.0)
    monkeypatch.setattr(attempts, "WAIT_S_MAX", 0.0)


@pytest.mark.parametrize(
    ("given", "outcome", "in_doubt"),
    [
        ([OK], "ok", False),
        ([(404, "not_found")], "fail", False),
        ([(422, "idempotency_key_reused")], "fail", False),
        ([httpx.ConnectError, OK], "ok", False),
        ([httpx.ConnectTimeout, (404, "not_found")], "fail", False),
        ([httpx.ReadTimeout, OK], "ok", True),
        ([httpx.ReadError, (404, "not_found")], "info", True),
        ([(503, "commit_unknown"), OK], "ok", True),
        ([(504, "deadline_exceeded"), (404, "not_found")], "info", True),
        ([(503, "overloaded"), OK], "ok", False),
        ([(429, "too_many_requests"), OK], "ok", False),
        ([(409, "photo_not_ready"), OK], "ok", False),
        ([(409, "request_in_progress"), (404, "not_found")], "info", True),
        ([(409, "photo_already_published")], "fail", False),
    ],
)
async def test_what_a_client_concludes(
    given: list[Given], outcome: Outcome, in_doubt: bool
) -> None:
    answer = await _answer(given, asyncio.Event())
    assert (answer.outcome, answer.in_doubt, answer.tries) == (outcome, in_doubt, len(given))


@pytest.mark.parametrize(
    ("given", "outcome"),
    [
        ([httpx.ReadTimeout], "info"),
        ([httpx.ConnectError], "fail"),
        ([(503, "overloaded")], "fail"),
    ],
)
async def test_a_client_gives_up_when_the_run_stops(given: list[Given], outcome: Outcome) -> None:
    stop = asyncio.Event()
    stop.set()
    assert (await _answer(given, stop)).outcome == outcome


async def _answer(given: list[Given], stop: asyncio.Event) -> attempts.Answer:
    way = (Scripted(given), "127.0.0.1", "http://there")
    sender = Sender([way], random.Random(1))  # type: ignore[list-item]
    return await sender.write(lambda base: httpx.Request("POST", base), stop)
