"""A timer that lets the event loop read its sockets first.

A busy loop runs due timers before it reads its sockets. A plain timeout would then give up a reply
that has already arrived.
"""

import asyncio
from collections.abc import Callable

# Not zero: a timer that is due at once would run before the loop polls its sockets.
LOOK_S = 0.001


class LateCall:
    """Calls `callback` after the delay, one poll of the sockets, and the callbacks it woke."""

    __slots__ = ("_callback", "_handle", "_loop")

    def __init__(self, delay_s: float, callback: Callable[[], object]) -> None:
        self._loop = asyncio.get_running_loop()
        self._callback = callback
        self._handle: asyncio.Handle = self._loop.call_later(delay_s, self._look)

    def cancel(self) -> None:
        """Cancel the call; harmless if it has already happened."""
        self._handle.cancel()

    def _look(self) -> None:
        self._handle = self._loop.call_later(LOOK_S, self._queue)

    def _queue(self) -> None:
        # Behind the callbacks that the poll has woken.
        self._handle = self._loop.call_soon(self._callback)
