"""What a call adds to the trace of the request that makes it."""

from typing import Protocol

import httpx

from shared.service_client.lean_messages import LeanResponse
from shared.tracing.frames import CALL, OK, Frame, calling_frame, new_span_id
from shared.tracing.trace_context import KEPT_HEADER, TRACEPARENT_HEADER, traceparent_of
from shared.tracing.tracer import Callee

_NAME = TRACEPARENT_HEADER.encode()
# The whole trace of a request with such a call is kept, though the request itself may succeed.
_FAILED = frozenset({"5xx", "timeout", "unreachable"})
_WELL = frozenset({"2xx", "3xx", "4xx"})


class Asked(Protocol):
    """A call, of which a trace keeps this much."""

    @property
    def method(self) -> str:
        """Its method."""

    @property
    def path(self) -> str:
        """Its path with the query."""


class CallTrace:
    """One call of a traced request; `asked` gets the addresses that it is sent to."""

    __slots__ = ("_frame", "_span_id", "asked")

    def __init__(self, frame: Frame) -> None:
        self.asked: list[str] = []
        self._frame = frame
        self._span_id = new_span_id()

    def header(self) -> tuple[bytes, bytes]:
        """Return the header that makes the callee's part a child of this call."""
        frame = self._frame
        return _NAME, traceparent_of(frame.trace_id, self._span_id, is_sampled=frame.is_sampled)

    def hear(self, response: httpx.Response) -> None:
        """Keep the trace if the callee keeps its part."""
        if isinstance(response, LeanResponse) and response.has(KEPT_HEADER):
            self._frame.must_keep = self._frame.is_notable = True

    def end(self, callee: Callee, call: Asked, began_s: float, outcome: str) -> None:
        """Note the call, however it ended."""
        if outcome in _FAILED:
            self._frame.has_failed_call = self._frame.is_notable = True
        said = OK if outcome in _WELL else outcome
        what = (call.method, call.path.partition("?")[0], self.asked)
        self._frame.note(CALL, callee, what, began_s, said, self._span_id)


def begin_call() -> CallTrace | None:
    """Begin the trace of a call; None outside of requests and jobs, and without tracing."""
    frame = calling_frame()
    return None if frame is None else CallTrace(frame)
