"""One connected viewer: what is still to be told, and when it is over."""

import asyncio

from services.gateway.domain.stream import Told, order_of
from services.gateway.store.stream_places import Place
from shared.contracts.stream import EventKind


class Listener:
    """Holds at most one event of each kind: it says "look again", and twice would say no more.

    So a reader who is slow costs no memory, however much there is to tell.
    """

    def __init__(self, token: str, place: Place, last_id: str) -> None:
        self.token = token
        self.place = place
        # The newest event of anybody's that was looked at for this viewer.
        self.last_id = last_id
        self.is_over = False
        # Whether it is over because another stream of the same viewer has its place.
        self.gave_way = False
        self._pending: dict[EventKind, Told] = {}
        self._wake = asyncio.Event()

    def tell(self, kind: EventKind, event_id: str, *, missed: bool = False) -> None:
        """Have an event told next."""
        before = self._pending.get(kind)
        if before is not None:
            missed = missed or before.missed
            event_id = max(before.id, event_id, key=order_of)
        self._pending[kind] = Told(event_id, kind, missed)
        self._wake.set()

    def give_way(self) -> None:
        """Let the connection end, and its client come back no sooner than after a while."""
        self.gave_way = True
        self.end()

    def end(self) -> None:
        """Let the connection end."""
        self.is_over = True
        self._wake.set()

    async def next(self, timeout_s: float) -> list[Told]:
        """What is to be told now, in order; nothing if there was nothing for so long."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._wake.wait()
        except TimeoutError:
            return []
        self._wake.clear()
        told = sorted(self._pending.values(), key=lambda one: order_of(one.id))
        self._pending.clear()
        return told
