"""The deadline of the work at hand: it travels with the request and is never exceeded."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from shared.errors import DeadlineExceeded

_deadline_s: ContextVar[float | None] = ContextVar("deadline_s", default=None)


def remaining_ms() -> float | None:
    """What is left of the current deadline; None without one, zero or less when it is over."""
    deadline_s = _deadline_s.get()
    return None if deadline_s is None else (deadline_s - time.monotonic()) * 1000


def is_over() -> bool:
    """Whether nobody waits for the work at hand any more."""
    left_ms = remaining_ms()
    return left_ms is not None and left_ms <= 0


def budget_ms(wanted_ms: float) -> float:
    """`wanted_ms`, or what the deadline still allows if that is less; raises DeadlineExceeded."""
    left_ms = remaining_ms()
    if left_ms is None:
        return wanted_ms
    if left_ms <= 0:
        raise DeadlineExceeded
    return min(wanted_ms, left_ms)


def start_deadline(timeout_ms: float) -> None:
    """Give what begins here, a request or a job, `timeout_ms` from now."""
    _deadline_s.set(time.monotonic() + timeout_ms / 1000)


@contextmanager
def deadline_within(timeout_ms: float) -> Iterator[None]:
    """Allow a block `timeout_ms` from now, never more than was left before."""
    proposed_s = time.monotonic() + timeout_ms / 1000
    present_s = _deadline_s.get()
    before = _deadline_s.set(proposed_s if present_s is None else min(proposed_s, present_s))
    try:
        yield
    finally:
        _deadline_s.reset(before)
