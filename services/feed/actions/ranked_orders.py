"""Ranked orders, remade now and then; all replicas show the same one meanwhile."""

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

# The order's name, empty if it could not be stored, and the position where the page ended.
ORDER_CURSOR = CursorShape(Text(f"({ORDER_NAME_PATTERN})?"), Number(most=ORDER_IDS_MAX))

Rank = Callable[[], Coroutine[Any, Any, list[int]]]


class RankedOrders:
    """Finds a list's order, or makes it; a process makes each order only once at a time."""

    def __init__(self, kept: KeptOrders) -> None:
        self._kept = kept
        self._making: SingleFlight[str, KeptOrder] = SingleFlight()

    async def find(self, of: str, name: str | None, rank: Rank) -> KeptOrder:
        """The order of that name if Redis still has it, else the list's current one.

        Without a stored order it calls `rank`, whose errors pass through.
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
            # The page is shown all the same; its next page comes from a later order.
            return KeptOrder("", post_ids)
