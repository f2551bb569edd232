"""Sends a request as phones do: again with the same key, until it is answered or given up."""

import asyncio
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson

from prove.history import Outcome
from shared.service_client.http1_exchange import Http1Exchange

# Longer than a write's deadline of ten seconds, so that the reply says what became of it.
WRITE_S, READ_S = 12.0, 5.0
GIVE_UP_S = 60.0
FIRST_WAIT_S, WAIT_S_MAX = 0.5, 8.0
# Codes of a 503 that is given before anything is done.
_REFUSED = {"overloaded"}
# 409s that ask for the same request again.
_AGAIN = {"request_in_progress", "photo_not_ready"}

Way = tuple[Http1Exchange, str, str]
Make = Callable[[str], httpx.Request]


@dataclass(slots=True)
class Answer:
    """What became of an intent: outcome, the reply's status and document, and its attempts.

    `in_doubt` says that an attempt got no definite reply, and may still take effect.
    """

    outcome: Outcome
    status: int = 0
    said: Mapping[str, Any] = field(default_factory=dict)
    tries: int = 0
    in_doubt: bool = False

    @property
    def code(self) -> str:
        """The code of a problem."""
        return str(self.said.get("code", ""))


class Sender:
    """Sends over the balancers in turn, each with a pool of kept connections."""

    def __init__(self, ways: list[Way], rng: random.Random) -> None:
        self.ways = ways
        self._rng = rng

    async def read(self, make: Make) -> Answer:
        """Ask once; a read that fails is not repeated."""
        try:
            reply = await self._send(make, READ_S)
        except httpx.TransportError:
            return Answer("info", tries=1)
        outcome: Outcome = "ok" if reply.is_success else "fail"
        return Answer(outcome, reply.status_code, _document(reply), 1)

    async def write(self, make: Make, stop: asyncio.Event) -> Answer:
        """Ask until there is a definite reply, or GIVE_UP_S are over, or the run stops."""
        answer = Answer("fail")
        give_up_s = time.monotonic() + GIVE_UP_S
        wait_s = FIRST_WAIT_S
        while True:
            answer.tries += 1
            told_s = await self._attempt(make, answer)
            if told_s is None:
                return answer
            wait_s = min(wait_s * 2, WAIT_S_MAX)
            pause_s = max(told_s, wait_s / 2) * self._rng.uniform(1.0, 1.5)
            if time.monotonic() + pause_s > give_up_s or stop.is_set():
                answer.outcome = "info" if answer.in_doubt else "fail"
                return answer
            await asyncio.sleep(pause_s)

    async def _attempt(self, make: Make, answer: Answer) -> float | None:
        """Ask once; returns None after a definite reply, else the seconds to wait at least."""
        try:
            reply = await self._send(make, WRITE_S)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            return 0.0  # Nothing was sent.
        except httpx.TransportError:
            answer.in_doubt = True
            return 0.0
        answer.status, answer.said = reply.status_code, _document(reply)
        if reply.is_success:
            answer.outcome = "ok"
            return None
        if reply.status_code >= 500 or answer.code == "request_in_progress":
            answer.in_doubt = answer.in_doubt or answer.code not in _REFUSED
        if reply.status_code < 500 and reply.status_code != 429 and answer.code not in _AGAIN:
            answer.outcome = "info" if answer.in_doubt else "fail"
            return None
        return min(float(reply.headers.get("Retry-After", 0)), WAIT_S_MAX)

    async def _send(self, make: Make, timeout_s: float) -> httpx.Response:
        exchange, address, base = self._rng.choice(self.ways)
        return await exchange.send(make(base), address, timeout_s)


def _document(reply: httpx.Response) -> Mapping[str, Any]:
    try:
        said = orjson.loads(reply.content) if reply.content else {}
    except orjson.JSONDecodeError:
        return {}
    return said if isinstance(said, dict) else {}
