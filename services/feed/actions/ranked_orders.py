"""Orders that are made now and then and shown for a while, the same by all replicas."""

from collections.abc import Callable, Coroutine
from typing import Any

from services.feed.store.kept_orders import (
    ORDER_IDS_MAX,
    ORDER_NAME_PATTERN,
    KeptOrder,
    KeptOrders,
)
from services.feed.store.single_flight import SingleFlight
from shared.cursors import CursorShape, Number, Text
from shared.errors import Unavailable

# Where a page of an order ended: its name, empty for one that could not be kept, and a position.
ORDER_CURSOR = CursorShape(Text(f"({ORDER_NAME_PATTERN})?"), Number(most=ORDER_IDS_MAX))

Rank = Callable[[], Coroutine[Any, Any, list[int]]]


class RankedOrders:
    """Finds the order of a list, or has it made: once at a time in this process."""

    def __init__(self, kept: KeptOrders) -> None:
        self._kept = kept
        self._making: SingleFlight[str, KeptOrder] = SingleFlight()

    async def find(self, of: str, name: str | None, rank: Rank) -> KeptOrder:
        """The order of that name if it is still kept, else the list's present one.

        Raises what `rank` raises where there is none.
        """
        try:
            found = await self._kept.find(of, name) or await self._kept.find(of, None)
        except Unavailable:
            found = None
        return found or await self._making.share(of, lambda: self._make(of, rank))

    async def _make(self, of: str, rank: Rank) -> KeptOrder:
        post_ids = await rank()
        try:
            return await self._kept.keep(of, post_ids)
        except Unavailable:
            # Shown all the same; its next page is that of a later order.
            return KeptOrder("", post_ids)
