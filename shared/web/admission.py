"""The door of a process: so many requests at once, so many waiting, the rest refused at once."""

import asyncio
from dataclasses import dataclass

from starlette.types import ASGIApp, Receive, Scope, Send

from shared.deadlines import budget_ms, is_over
from shared.errors import DeadlineExceeded, Overloaded
from shared.web import metrics
from shared.web.problems import ProblemReply


@dataclass(frozen=True, slots=True)
class AdmissionLimits:
    """How much a process takes on.

    One process does some 500 requests a second at some 10 ms each, so a handful run at once; the
    room is for those that wait for a slow upload or a photo being processed. A queue that takes
    longer than `wait_ms_max` to reach is not worth standing in: another replica is free sooner.
    """

    concurrent_max: int = 128
    waiting_max: int = 256
    wait_ms_max: int = 500
    retry_after_s: int = 1
    # Requests that last, such as bodies from slow phones, have places of their own: most of their
    # time they only wait, and they must not keep the others out.
    lasting_paths: tuple[str, ...] = ()
    lasting_max: int = 512


class Admission:
    """ASGI middleware; a request whose deadline passes before its turn is never begun."""

    def __init__(self, app: ASGIApp, *, limits: AdmissionLimits) -> None:
        self.app = app
        self._limits = limits
        self._slots = asyncio.Semaphore(limits.concurrent_max)
        self._lasting_slots = asyncio.Semaphore(limits.lasting_max)
        self._waiting = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request in, make it wait, or refuse it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if is_over():
            raise DeadlineExceeded
        is_lasting = scope["path"].startswith(self._limits.lasting_paths)
        slots = self._lasting_slots if is_lasting else self._slots
        if not await self._enter(slots):
            metrics.http_refused.inc()
            refusal = Overloaded(retry_after_s=self._limits.retry_after_s)
            await ProblemReply(refusal)(scope, receive, send)
            return
        metrics.http_in_flight.inc()
        try:
            await self.app(scope, receive, send)
        finally:
            metrics.http_in_flight.dec()
            slots.release()

    async def _enter(self, slots: asyncio.Semaphore) -> bool:
        if not slots.locked():
            return await slots.acquire()
        if self._waiting >= self._limits.waiting_max:
            return False
        self._waiting += 1
        metrics.http_waiting.inc()
        try:
            async with asyncio.timeout(budget_ms(self._limits.wait_ms_max) / 1000):
                return await slots.acquire()
        except TimeoutError:
            return False
        finally:
            self._waiting -= 1
            metrics.http_waiting.dec()
