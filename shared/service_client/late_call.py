"""A timer that lets the loop read first: what has arrived by then is not late.

A loop that was busy calls its timers before it looks at its sockets, so that a plain timeout gives
up what has lain there for as long.
"""

import asyncio
from collections.abc import Callable

# Not at once, because timers that are due are called before the sockets are looked at.
LOOK_S = 0.001


class LateCall:
    """Calls after so many seconds, one look at the sockets, and what that has woken."""

    __slots__ = ("_callback", "_handle", "_loop")

    def __init__(self, delay_s: float, callback: Callable[[], object]) -> None:
        self._loop = asyncio.get_running_loop()
        self._callback = callback
        self._handle: asyncio.Handle = self._loop.call_later(delay_s, self._look)

    def cancel(self) -> None:
        """Do not call; no error if it has been called."""
        self._handle.cancel()

    def _look(self) -> None:
        self._handle = self._loop.call_later(LOOK_S, self._queue)

    def _queue(self) -> None:
        # Behind whoever was woken by what was read.
        self._handle = self._loop.call_soon(self._callback)
