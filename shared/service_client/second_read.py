"""A second attempt at a read that takes long, while the first goes on."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
# Begins the second attempt; None if there shall be none.
Begin = Callable[[], Coroutine[Any, Any, T] | None]


async def first_answer(first: Coroutine[Any, Any, T], after_s: float, begin_second: Begin[T]) -> T:
    """The earliest answer of two attempts; the error of the first attempt if both fail.

    The second attempt begins if the first is still under way after `after_s`. Nothing goes on
    afterwards, also if the caller is cancelled.
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
    # The loop complains of an error that nobody has looked at; the other attempt was the answer.
    if not attempt.cancelled():
        attempt.exception()
