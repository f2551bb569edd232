"""Two independent calls at once, with the failure of either raised as itself."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

A = TypeVar("A")
B = TypeVar("B")


async def side_by_side(
    first: Coroutine[Any, Any, A], second: Coroutine[Any, Any, B]
) -> tuple[A, B]:
    """Both results; when one fails, the other is cancelled, waited for, and not reported."""
    try:
        async with asyncio.TaskGroup() as calls:
            first_call = calls.create_task(first)
            second_call = calls.create_task(second)
    except BaseExceptionGroup as failures:
        # The handlers above know errors by their kind, not groups of them.
        raise failures.exceptions[0] from None
    return first_call.result(), second_call.result()
