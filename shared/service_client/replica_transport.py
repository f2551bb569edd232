"""An httpx transport that picks a replica of a service and retries once on another."""

import time
from collections.abc import Collection, Coroutine
from enum import Enum, auto
from typing import Protocol

import httpx

from shared.errors import DeadlineExceeded
from shared.network.call_headers import REPEATED_HEADER
from shared.network.resolver import Resolver
from shared.service_client import metrics
from shared.service_client.lean_messages import LeanRequest
from shared.service_client.replicas import Replica, Replicas
from shared.service_client.retry_budget import RetryBudget
from shared.service_client.second_read import first_answer

# Keys of httpx.Request.extensions.
TIMEOUT_MS = "timeout_ms"
REPEAT = "repeat"
IS_READ = "is_read"
# A list that gets the address of each attempt.
ASKED = "asked"
_TRIED_TWICE = "tried_twice"
_REPEATED = (REPEATED_HEADER.encode(), b"1")

# After half of its time a read is also sent to another replica. The first attempt goes on: if all
# replicas are slow for a moment, it is still the likelier one to answer in time.
SECOND_READ_AT = 0.5


class Repeat(Enum):
    """When a request may be sent a second time."""

    ALWAYS = auto()
    IF_NOT_BEGUN = auto()  # If it was never sent, or the limiter refused it.
    IF_NOT_SENT = auto()  # If it was never sent: a streamed body cannot be sent again.


class Exchange(Protocol):
    """Sends one request to one address and reads the whole reply."""

    async def send(self, request: httpx.Request, address: str, timeout_s: float) -> httpx.Response:
        """Send the request with its timeout in a header, and return the reply.

        Raises httpx.TransportError without a reply; ConnectError and ConnectTimeout mean that
        nothing was sent.
        """

    def keep_only(self, addresses: Collection[str]) -> None:
        """Close the connections to all other addresses."""

    async def close(self) -> None:
        """Close all connections."""


class ReplicaTransport(httpx.AsyncBaseTransport):
    """The transport to one upstream; retries calls that may be repeated or were never sent."""

    def __init__(self, upstream: str, host: str, resolver: Resolver, exchange: Exchange) -> None:
        self._host = host
        self._resolver = resolver
        self._exchange = exchange
        self._replicas = Replicas(upstream)
        self._budget = RetryBudget()
        self._attempts = metrics.upstream_attempts.labels(upstream)
        self._granted = metrics.upstream_retries.labels(upstream, "yes")
        self._denied = metrics.upstream_retries.labels(upstream, "no")

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Return a reply within `extensions["timeout_ms"]`.

        Raises httpx.TransportError, NameUnknown, or DeadlineExceeded if no time is left.
        """
        give_up_s = time.monotonic() + request.extensions[TIMEOUT_MS] / 1000
        addresses = await self._resolver.addresses(self._host)
        if self._replicas.update(addresses):
            self._exchange.keep_only(addresses)
        self._budget.earn()
        first = self._replicas.pick()
        try:
            response = await self._first_attempt(request, first, give_up_s)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            if not self._may_retry(request):
                raise
        except httpx.TransportError:
            if not self._may_repeat(request):
                raise
        else:
            if not _was_refused(request, response) or not self._may_retry(request):
                return response
        return await self._attempt(request, self._replicas.pick([first]), _left_s(give_up_s))

    async def tell(self, request: httpx.Request, address: str, timeout_s: float) -> None:
        """Send a request to one replica, whatever becomes of it; raises httpx.TransportError."""
        await self._exchange.send(request, address, timeout_s)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._exchange.close()

    async def _first_attempt(
        self, request: httpx.Request, replica: Replica, give_up_s: float
    ) -> httpx.Response:
        left_s = _left_s(give_up_s)
        attempt = self._attempt(request, replica, left_s)
        if IS_READ not in request.extensions or self._replicas.count < 2:
            return await attempt

        def second() -> Coroutine[None, None, httpx.Response] | None:
            # The slow replica counts as failed; a late reply resets its failures.
            self._replicas.failed(replica)
            left_s = give_up_s - time.monotonic()
            if left_s <= 0 or not self._may_retry(request):
                return None
            request.extensions[_TRIED_TWICE] = True
            return self._attempt(request, self._replicas.pick([replica]), left_s)

        return await first_answer(attempt, left_s * SECOND_READ_AT, second)

    def _may_retry(self, request: httpx.Request) -> bool:
        if _TRIED_TWICE in request.extensions:
            return False
        granted = not self._replicas.are_all_ejected and self._budget.spend()
        (self._granted if granted else self._denied).inc()
        return granted

    def _may_repeat(self, request: httpx.Request) -> bool:
        """Whether to retry a call that may have had its effect; the second attempt says so."""
        if request.extensions[REPEAT] is not Repeat.ALWAYS or not self._may_retry(request):
            return False
        if isinstance(request, LeanRequest):
            request.add_header(_REPEATED)
        return True

    async def _attempt(
        self, request: httpx.Request, replica: Replica, timeout_s: float
    ) -> httpx.Response:
        self._attempts.inc()
        asked = request.extensions.get(ASKED)
        if asked is not None:
            asked.append(replica.address)
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
    # The limiter refused the request before any work, so another replica may run any request.
    return (
        response.status_code == httpx.codes.SERVICE_UNAVAILABLE
        and request.extensions[REPEAT] is not Repeat.IF_NOT_SENT
        and b'"overloaded"' in response.content
    )
