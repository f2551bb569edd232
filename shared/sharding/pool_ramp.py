"""How many connections a pool may have in use: few at first, one more where somebody has to wait.

A new connection costs two processes far more than a statement does: a handshake, a login, and the
opening of all tables that its first statements name. A pool that opened one for each of those who
come at once, as after a restart, would have nothing else to do for a second.
"""

import asyncio
from collections import deque

# Used where nobody has waited yet, and opened before the first request. A read takes a millisecond
# of one, but on a busy machine the caller comes back for its answer after fifty.
AT_FIRST = 5
# About as long as it takes until a new connection has answered for the first time.
PATIENCE_S = 0.05


class PoolRamp:
    """Stands in front of a pool which hands out the connection that was used last."""

    def __init__(self, size: int, *, patience_s: float = PATIENCE_S) -> None:
        self._size = size
        self._patience_s = patience_s
        self._allowed = min(AT_FIRST, size)
        self._in_use = 0
        self._opening = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def enter(self) -> None:
        """Take a place, which `leave` gives back; the caller limits the time."""
        if self._in_use < self._allowed and not self._waiting:
            self._in_use += 1
            return
        place = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            while not place.done():
                await asyncio.wait([place], timeout=self._patience_s)
                if not place.done():
                    self._grow()
        except BaseException:
            if place.done():
                self.leave()
            else:
                self._waiting.remove(place)
            raise

    def leave(self) -> None:
        """Give a place back."""
        self._in_use -= 1
        self._hand_on()

    def begin_opening(self) -> None:
        """A connection is being made: until it is there, no other is begun for who waits."""
        self._opening += 1

    def end_opening(self) -> None:
        """It has been made, or could not be."""
        self._opening -= 1

    def _grow(self) -> None:
        if self._allowed < self._size and not self._opening:
            self._allowed += 1
            self._hand_on()

    def _hand_on(self) -> None:
        while self._waiting and self._in_use < self._allowed:
            self._in_use += 1
            self._waiting.popleft().set_result(None)
