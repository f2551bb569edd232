"""The frame of a request or job: plain tuples that are made into spans only if they are kept."""

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import count
from typing import Any

from shared.logs import request_id
from shared.tracing.trace_context import Parent, carried_text

CALL, STATEMENT, REDIS = "call", "statement", "redis"
OK = ""
# More than any request has; a stream that lives for minutes ends noting here.
NOTES_MAX = 512
# Work that a request left behind belongs to its trace for this long.
AFTERWARDS_S = 3.0

# Kind, where, what, begin and end on the clock of perf_counter, outcome or OK, span id or 0.
Note = tuple[str, Any, Any, float, float, str, int]

_span_ids = count(secrets.randbits(62) | 1)


class Frame:
    """One request or job in one process.

    `parent_id` is the caller's span, or 0. `origins` are contexts to link to: of other traces, or
    of one that was not sampled. `must_keep` is set by a callee that keeps its part. `is_notable` is
    set by anything but a slow end that makes the tracer look at the frame: most are forgotten.
    `is_refused` is a sampled one beyond the rate.
    """

    # Values of most frames; every request makes some, so each assignment counts.
    ended_s = 0.0
    name = ""
    outcome = OK
    must_keep = False
    has_failed_call = False
    is_kept = False
    is_refused = False
    origins: tuple[Parent, ...] = ()

    def __init__(self, trace_id: str, parent_id: int, is_sampled: bool, is_server: bool) -> None:
        self.began_s = time.perf_counter()
        self.trace_id = trace_id
        self.span_id = next(_span_ids)
        self.parent_id = parent_id
        self.is_sampled = self.is_notable = is_sampled
        self.is_server = is_server
        self.notes: list[Note] = []

    def note(
        self, kind: str, where: Any, what: Any, began_s: float, outcome: str, span_id: int = 0
    ) -> None:
        """Add something that has just ended; it must hold no keys, values or bodies.

        A task that lives on for long after its request adds nothing.
        """
        notes, now_s = self.notes, time.perf_counter()
        if len(notes) < NOTES_MAX and (not self.ended_s or now_s - self.ended_s < AFTERWARDS_S):
            notes.append((kind, where, what, began_s, now_s, outcome, span_id))


current_frame: ContextVar[Frame | None] = ContextVar("current_frame", default=None)


def calling_frame() -> Frame | None:
    """Return the present frame, unless it ended long ago and its task merely lives on."""
    frame = current_frame.get()
    if frame is None or not frame.ended_s:
        return frame
    return frame if time.perf_counter() - frame.ended_s < AFTERWARDS_S else None


def new_span_id() -> int:
    """Return an id that no other span of any process has."""
    return next(_span_ids)


def carried() -> str | None:
    """Return what a row or a job says of the request that writes it; None without one."""
    present, frame = request_id.get(), calling_frame()
    if frame is None:
        return present
    return carried_text(present or frame.trace_id, frame.span_id, is_sampled=frame.is_sampled)


@contextmanager
def noted_command(
    name: str | bytes, where: str = "redis", usual: type[Exception] | tuple[()] = ()
) -> Iterator[None]:
    """Note the command of Redis that runs in this block; a `usual` error is no failure."""
    frame = current_frame.get()
    if frame is None:
        yield
        return
    began_s, outcome = time.perf_counter(), "failed"
    try:
        yield
        outcome = OK
    except usual:
        outcome = OK
        raise
    finally:
        frame.note(REDIS, where, name, began_s, outcome)
