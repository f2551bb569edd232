"""One connected viewer: the events still to be sent, and the end of the stream."""

import asyncio

from services.gateway.domain.stream import Told, order_of
from services.gateway.store.stream_places import Place
from shared.contracts.stream import ABOUT_MAX, EventKind


class Listener:
    """Holds at most one event of each kind, about the newest things; the rest becomes `missed`.

    A slow reader therefore costs a bounded amount of memory.
    """

    def __init__(self, token: str, place: Place, last_id: str) -> None:
        self.token = token
        self.place = place
        # The newest event, of any viewer, that this listener has been checked against.
        self.last_id = last_id
        self.is_over = False
        # Whether it is over because another stream of the viewer took its place.
        self.gave_way = False
        self._pending: dict[EventKind, Told] = {}
        self._wake = asyncio.Event()

    def tell(self, told: Told) -> None:
        """Queue an event; it merges with a waiting one of its kind."""
        before = self._pending.get(told.kind)
        if before is not None:
            about = (*before.about, *told.about)
            missed = before.missed or told.missed or len(about) > ABOUT_MAX
            newest_id = max(before.id, told.id, key=order_of)
            told = Told(newest_id, told.kind, missed, about[-ABOUT_MAX:])
        self._pending[told.kind] = told
        self._wake.set()

    def give_way(self) -> None:
        """End the connection, and make its client wait before it reconnects."""
        self.gave_way = True
        self.end()

    def end(self) -> None:
        """End the connection."""
        self.is_over = True
        self._wake.set()

    async def next(self, timeout_s: float) -> list[Told]:
        """The queued events in order; none if nothing came within `timeout_s`."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._wake.wait()
        except TimeoutError:
            return []
        self._wake.clear()
        told = sorted(self._pending.values(), key=lambda one: order_of(one.id))
        self._pending.clear()
        return told
