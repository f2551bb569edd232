"""One connected viewer: what is still to be told, and when it is over."""

import asyncio

from services.gateway.domain.stream import Told, order_of
from services.gateway.store.stream_places import Place
from shared.contracts.stream import ABOUT_MAX, EventKind


class Listener:
    """Holds at most one event of each kind, about the newest things; the rest is `missed`.

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

    def tell(self, told: Told) -> None:
        """Have an event told next."""
        before = self._pending.get(told.kind)
        if before is not None:
            about = (*before.about, *told.about)
            missed = before.missed or told.missed or len(about) > ABOUT_MAX
            newest_id = max(before.id, told.id, key=order_of)
            told = Told(newest_id, told.kind, missed, about[-ABOUT_MAX:])
        self._pending[told.kind] = told
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
