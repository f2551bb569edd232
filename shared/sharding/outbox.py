"""An event on its way out of the shard that it was committed in."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class OutboxEvent:
    """`position` is an id: it orders the events of a shard and tells when each was written."""

    position: int
    shard: int
    topic: str
    payload: dict[str, Any]
    request_id: str | None


class PartlyDelivered(Exception):
    """Some events of a batch are still to be delivered, and need not keep to the order.

    Only for handlers whose events carry versions, so that a late one does no harm.
    """

    def __init__(self, undelivered: Collection[OutboxEvent]) -> None:
        super().__init__(f"{len(undelivered)} events are still to be delivered")
        self.undelivered = undelivered
