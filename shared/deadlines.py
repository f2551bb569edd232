"""The deadline of the current request or job, kept in a context variable."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from shared.errors import DeadlineExceeded

_deadline_s: ContextVar[float | None] = ContextVar("deadline_s", default=None)


def remaining_ms() -> float | None:
    """Return the milliseconds left; None without a deadline, zero or less after it."""
    deadline_s = _deadline_s.get()
    return None if deadline_s is None else (deadline_s - time.monotonic()) * 1000


def is_over() -> bool:
    """Whether the deadline has passed, so that nobody waits for this work any more."""
    left_ms = remaining_ms()
    return left_ms is not None and left_ms <= 0


def budget_ms(wanted_ms: float) -> float:
    """Return `wanted_ms`, but at most the time left; raises DeadlineExceeded if none is left."""
    left_ms = remaining_ms()
    if left_ms is None:
        return wanted_ms
    if left_ms <= 0:
        raise DeadlineExceeded
    return min(wanted_ms, left_ms)


def start_deadline(timeout_ms: float) -> None:
    """Give the request or job that begins here `timeout_ms` from now."""
    _deadline_s.set(time.monotonic() + timeout_ms / 1000)


@contextmanager
def deadline_within(timeout_ms: float) -> Iterator[None]:
    """Allow a block `timeout_ms` from now, but no more than the outer deadline leaves."""
    proposed_s = time.monotonic() + timeout_ms / 1000
    present_s = _deadline_s.get()
    before = _deadline_s.set(proposed_s if present_s is None else min(proposed_s, present_s))
    try:
        yield
    finally:
        _deadline_s.reset(before)
