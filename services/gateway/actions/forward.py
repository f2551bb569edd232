"""Forwards an action on a post or comment to feed, if the viewer may see it."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from shared.errors import Forbidden

R = TypeVar("R")


async def forward(read: Callable[[], Awaitable[object]], call: Callable[[], Awaitable[R]]) -> R:
    """Return the reply of `call`, made after `read` has shown that the viewer may see the thing.

    Raises NotFound if `read` does. Undoing is checked too, because the reply tells something, such
    as the number of likes.
    """
    await read()
    return await call()


async def forward_own(read: Callable[[], Awaitable[object]], call: Callable[[], Awaitable[R]]) -> R:
    """Return the reply of `call` about the viewer's own thing.

    Raises NotFound if the viewer may not see it, and Forbidden if it is another's.
    """
    try:
        return await call()
    except Forbidden:
        # Feed knows the writer, but not whether the viewer may know that the thing exists.
        await read()
        raise
