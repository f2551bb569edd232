"""Runs two independent calls in parallel and raises the plain error of either."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

A = TypeVar("A")
B = TypeVar("B")


async def side_by_side(
    first: Coroutine[Any, Any, A], second: Coroutine[Any, Any, B]
) -> tuple[A, B]:
    """Both results; if one call fails, the other is cancelled, awaited and not reported."""
    try:
        async with asyncio.TaskGroup() as calls:
            first_call = calls.create_task(first)
            second_call = calls.create_task(second)
    except BaseExceptionGroup as failures:
        # Callers handle errors by type, not in groups.
        raise failures.exceptions[0] from None
    return first_call.result(), second_call.result()
