"""Gives every request an id, a deadline, an access line and two metrics."""

import math
import re
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from prometheus_client import Counter, Histogram
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.deadlines import start_deadline
from shared.http_server import metrics
from shared.http_server.admission import REFUSED_KEY, AskOf
from shared.http_server.transit_times import TransitTimes
from shared.http_server.viewer import SCOPE_KEY
from shared.logs import get_logger, request_id
from shared.network.call_headers import REQUEST_ID_HEADER, SENT_HEADER, TIMEOUT_HEADER
from shared.tracing.frames import OK, Frame, current_frame
from shared.tracing.trace_context import KEPT_HEADER, TRACEPARENT_HEADER, parent_in
from shared.tracing.tracer import TRACER

log = get_logger()

# Any other is counted as one.
_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
# Other characters would let a caller forge log lines or headers.
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
# A slow body, a hash of a password or the processing of a photo may take this many times as long as
# other requests, before somebody wants to know why.
_LASTING_PATIENCE = 10.0
_READS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How long requests may take; `by_route` ("POST /v1/photos") is for routes with long bodies.

    A calling service may allow less with X-Timeout-Ms, but never more.
    """

    read_ms: int = 2_000
    write_ms: int = 10_000
    by_route: Mapping[str, int] = field(default_factory=dict)

    def limit_ms(self, method: str, path: str) -> int:
        """Return the limit of a request; `by_route` needs the exact path."""
        default_ms = self.read_ms if method in _READS else self.write_ms
        return self.by_route.get(f"{method} {path}", default_ms) if self.by_route else default_ms


class RequestContext:
    """ASGI middleware; with `trusts_caller` the headers of a calling service count.

    They are those of deadline and trace. Without it, the trace of the caller is only a link.
    """

    def __init__(
        self, app: ASGIApp, *, deadlines: Deadlines, trusts_caller: bool, ask_of: AskOf
    ) -> None:
        self.app = app
        self._deadlines = deadlines
        self._ask_of = ask_of
        self._trusts_caller = trusts_caller
        self._transit_times = TransitTimes()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Set id and deadline, pass the request on, then record it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started_s = time.perf_counter()
        id_bytes = self._begin(scope)
        status = 0
        frame = current_frame.get()

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = [*message.get("headers", ()), (b"x-request-id", id_bytes)]
                if frame is not None and frame.parent_id and self._keeps(frame, status, scope):
                    headers.append(KEPT_HEADER)
                message["headers"] = headers
            await send(message)

        try:
            await self.app(scope, receive, send_with_id)
        finally:
            # Status 0: the caller left before a reply, or the connection had to be broken.
            route = _record(scope, status, time.perf_counter() - started_s)
            if frame is not None:
                self._end(frame, status, scope, route)

    def _begin(self, scope: Scope) -> bytes:
        headers = Headers(scope=scope)
        given_id = headers.get(REQUEST_ID_HEADER, "")
        this_id = given_id if _REQUEST_ID.fullmatch(given_id) else uuid.uuid4().hex
        request_id.set(this_id)
        start_deadline(self._timeout_ms(scope, headers))
        said = headers.get(TRACEPARENT_HEADER)
        caller = None if said is None else parent_in(said)
        inner, outer = (caller, None) if self._trusts_caller else (None, caller)
        TRACER.begin_request(this_id, inner, outer)
        return this_id.encode()

    def _keeps(self, frame: Frame, status: int, scope: Scope) -> bool:
        if status < 500 and TRACER.is_plain(frame):
            return False
        outcome = _outcome(status, scope)
        return TRACER.decides_to_keep(frame, outcome, patience=self._patience(scope))

    def _end(self, frame: Frame, status: int, scope: Scope, route: str) -> None:
        if not frame.parent_id and status < 500 and TRACER.is_plain(frame):
            frame.ended_s = time.perf_counter()
            return
        frame.name = f"{scope['method']} {route}"
        TRACER.end(frame, _outcome(status, scope), patience=self._patience(scope))

    def _patience(self, scope: Scope) -> Callable[[], float]:
        def patience() -> float:
            ask = self._ask_of(scope)
            if ask.stream:
                return math.inf
            return _LASTING_PATIENCE if ask.lasts else 1.0

        return patience

    def _timeout_ms(self, scope: Scope, headers: Headers) -> float:
        limit_ms = self._deadlines.limit_ms(scope["method"], scope["path"])
        if not self._trusts_caller:
            return limit_ms
        allowed, sent = headers.get(TIMEOUT_HEADER, ""), headers.get(SENT_HEADER, "")
        if allowed.isdecimal():
            limit_ms = min(limit_ms, int(allowed))
        if not sent.isdecimal():
            return limit_ms
        address, _port = scope["client"]
        return limit_ms - self._transit_times.of(address, int(sent), time.time())


def _outcome(status: int, scope: Scope) -> str:
    # Under overload all refusals would be failures, and they show nothing.
    return str(status) if status >= 500 and REFUSED_KEY not in scope else OK


def _record(scope: Scope, status: int, seconds: float) -> str:
    """Count and log a request; returns its route."""
    route = route_template(scope)
    method = method_label(scope["method"])
    count, time_taken = _meters(route, method, status)
    count.inc()
    time_taken.observe(seconds)
    if REFUSED_KEY in scope:
        return route  # The balancer logs it too, and under overload one line is enough.
    log.info(
        "request",
        method=method,
        route=route,
        path=scope["path"],
        status=status,
        ms=round(seconds * 1000, 2),
        viewer_id=scope.get(SCOPE_KEY),
    )
    return route


# Cached because a lookup by labels costs more than the count; there are some hundreds of them.
@lru_cache(maxsize=4096)
def _meters(route: str, method: str, status: int) -> tuple[Counter, Histogram]:
    return (
        metrics.http_requests.labels(route, method, status),
        metrics.http_request_seconds.labels(route, method),
    )


def method_label(method: str) -> str:
    """Return the method, or "other": a client may invent as many as it likes."""
    return method if method in _METHODS else "other"


def route_template(scope: Scope) -> str:
    """Return the declared route, since a path with ids would make a label per id."""
    template: str = getattr(scope.get("route"), "path", "")
    return template or "unmatched"
