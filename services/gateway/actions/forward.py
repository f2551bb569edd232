"""Passing on to feed what a viewer does with a post or a comment that they may see."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from shared.errors import Forbidden

R = TypeVar("R")


async def forward(read: Callable[[], Awaitable[object]], call: Callable[[], Awaitable[R]]) -> R:
    """The reply of `call`, made once `read` has shown that the viewer may see the thing.

    Raises NotFound where reading would. What takes something back is checked too, because the
    reply tells of the thing, such as its number of likes.
    """
    await read()
    return await call()


async def forward_own(read: Callable[[], Awaitable[object]], call: Callable[[], Awaitable[R]]) -> R:
    """The reply of `call` about one's own thing.

    Raises NotFound where reading would, and Forbidden for what is merely not one's own.
    """
    try:
        return await call()
    except Forbidden:
        # Feed knows who wrote it, not who may know that it exists.
        await read()
        raise
