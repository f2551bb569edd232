"""An httpx transport that finds the replicas of a name, picks one, and once tries another."""

import time
from collections.abc import Collection, Coroutine
from enum import Enum, auto
from typing import Protocol

import httpx

from shared.errors import DeadlineExceeded
from shared.network.resolver import Resolver
from shared.web import metrics
from shared.web.hedging import HedgeDelay, Race
from shared.web.replicas import Replica, Replicas
from shared.web.retry_budget import RetryBudget

# Keys of httpx.Request.extensions.
TIMEOUT_MS = "timeout_ms"
REPEAT = "repeat"
IS_READ = "is_read"
_HEDGED = "hedged"

# A read is given up at half its time, so that another replica can still answer it. A write may well
# take long, and repeating it early would make two of it.
FIRST_READ_SHARE = 0.5


class Repeat(Enum):
    """When a request may be sent a second time."""

    ALWAYS = auto()
    IF_NOT_BEGUN = auto()  # It was never sent, or refused at the door.
    IF_NOT_SENT = auto()  # Its body is a stream, which is gone once sent.


class Exchange(Protocol):
    """Carries one request to one address and reads the whole reply."""

    async def send(self, request: httpx.Request, address: str, timeout_s: float) -> httpx.Response:
        """Tell the other side how long it has; raise httpx.TransportError if there is no reply.

        ConnectError and ConnectTimeout say that nothing was sent.
        """

    def keep_only(self, addresses: Collection[str]) -> None:
        """Part from replicas that are no more."""

    async def close(self) -> None:
        """Close all connections."""


class ReplicaTransport(httpx.AsyncBaseTransport):
    """One upstream. The second attempt is for calls that may be repeated or were never sent."""

    def __init__(self, upstream: str, host: str, resolver: Resolver, exchange: Exchange) -> None:
        self._host = host
        self._resolver = resolver
        self._exchange = exchange
        self._replicas = Replicas(upstream)
        self._budget = RetryBudget()
        self._hedges = HedgeDelay()
        self._hedged = metrics.upstream_hedges.labels(upstream)
        self._attempts = metrics.upstream_attempts.labels(upstream)
        self._granted = metrics.upstream_retries.labels(upstream, "yes")
        self._denied = metrics.upstream_retries.labels(upstream, "no")

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer within `extensions["timeout_ms"]`, or raise httpx.TransportError."""
        give_up_s = time.monotonic() + request.extensions[TIMEOUT_MS] / 1000
        addresses = await self._resolver.addresses(self._host)
        if self._replicas.update(addresses):
            self._exchange.keep_only(addresses)
        self._budget.earn()
        first = self._replicas.pick()
        try:
            first_timeout_s = self._first_timeout_s(request, give_up_s)
            response = await self._first_attempt(request, first, first_timeout_s)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            if not self._may_retry(request):
                raise
        except httpx.TransportError:
            if request.extensions[REPEAT] is not Repeat.ALWAYS or not self._may_retry(request):
                raise
        else:
            if not _was_refused(request, response) or not self._may_retry(request):
                return response
        return await self._attempt(request, self._replicas.pick([first]), _left_s(give_up_s))

    def _first_timeout_s(self, request: httpx.Request, give_up_s: float) -> float:
        has_second_chance = IS_READ in request.extensions and self._replicas.count > 1
        return _left_s(give_up_s) * (FIRST_READ_SHARE if has_second_chance else 1.0)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._exchange.close()

    async def _first_attempt(
        self, request: httpx.Request, replica: Replica, timeout_s: float
    ) -> httpx.Response:
        if IS_READ not in request.extensions:
            return await self._attempt(request, replica, timeout_s)

        def hedge() -> Coroutine[None, None, httpx.Response] | None:
            if self._replicas.count < 2 or not self._hedges.spend():
                return None
            request.extensions[_HEDGED] = True
            self._hedged.inc()
            return self._attempt(request, self._replicas.pick([replica]), timeout_s)

        started_s = time.perf_counter()
        attempt = self._attempt(request, replica, timeout_s)
        delay_s = self._hedges.seconds
        response = await (attempt if delay_s is None else Race(delay_s, hedge).run(attempt))
        self._hedges.note(time.perf_counter() - started_s)
        return response

    def _may_retry(self, request: httpx.Request) -> bool:
        if _HEDGED in request.extensions:  # It has had its second attempt.
            return False
        granted = not self._replicas.are_all_ejected and self._budget.spend()
        (self._granted if granted else self._denied).inc()
        return granted

    async def _attempt(
        self, request: httpx.Request, replica: Replica, timeout_s: float
    ) -> httpx.Response:
        self._attempts.inc()
        replica.in_flight += 1
        try:
            response = await self._exchange.send(request, replica.address, timeout_s)
        except httpx.TransportError:
            self._replicas.failed(replica)
            raise
        finally:
            replica.in_flight -= 1
        self._replicas.succeeded(replica)
        return response


def _left_s(give_up_s: float) -> float:
    left_s = give_up_s - time.monotonic()
    if left_s <= 0:
        raise DeadlineExceeded
    return left_s


def _was_refused(request: httpx.Request, response: httpx.Response) -> bool:
    # Refused at the door and not begun, so that another replica may take whatever it is.
    return (
        response.status_code == httpx.codes.SERVICE_UNAVAILABLE
        and request.extensions[REPEAT] is not Repeat.IF_NOT_SENT
        and b'"overloaded"' in response.content
    )
