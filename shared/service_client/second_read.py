"""Runs a second attempt at a slow read while the first goes on."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
# Returns the second attempt, or None for no second attempt.
Begin = Callable[[], Coroutine[Any, Any, T] | None]


async def first_answer(first: Coroutine[Any, Any, T], after_s: float, begin_second: Begin[T]) -> T:
    """Return the earliest answer of two attempts; raises the first attempt's error if both fail.

    The second attempt starts if the first still runs after `after_s`. Both are cancelled at the
    end, and also if the caller is cancelled.
    """
    attempts = [asyncio.create_task(first)]
    try:
        await asyncio.wait(attempts, timeout=after_s)
        if not attempts[0].done() and (second := begin_second()) is not None:
            attempts.append(asyncio.create_task(second))
        return await _earliest(attempts)
    finally:
        for attempt in attempts:
            attempt.cancel()
            attempt.add_done_callback(_note_error)


async def _earliest(attempts: list[asyncio.Task[T]]) -> T:
    under_way = set(attempts)
    while under_way:
        done, under_way = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
        for attempt in done:
            if not attempt.cancelled() and attempt.exception() is None:
                return attempt.result()
    return attempts[0].result()


def _note_error(attempt: asyncio.Task[Any]) -> None:
    # Read the error, or asyncio complains about it although the other attempt answered.
    if not attempt.cancelled():
        attempt.exception()
