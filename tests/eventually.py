"""Waiting in tests: for a condition, with a bound, and never for a length of time."""

import asyncio
import inspect
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar, overload

T = TypeVar("T")


@overload
async def eventually(
    check: Callable[[], Coroutine[Any, Any, T]], *, within_s: float = ..., every_s: float = ...
) -> T: ...


@overload
async def eventually(
    check: Callable[[], T], *, within_s: float = ..., every_s: float = ...
) -> T: ...


async def eventually(
    check: Callable[[], Any], *, within_s: float = 30.0, every_s: float = 0.05
) -> Any:
    """Call `check` until it raises no AssertionError, and return what it returned.

    `check` is a function or a coroutine function of no arguments, and asserts what is to become
    true. When the time is over, its last AssertionError is the test's.
    """
    deadline_s = time.monotonic() + within_s
    while True:
        try:
            outcome = check()
            return await outcome if inspect.isawaitable(outcome) else outcome
        except AssertionError:
            if time.monotonic() > deadline_s:
                raise
            await asyncio.sleep(every_s)
