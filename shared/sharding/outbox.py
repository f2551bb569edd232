"""Outbox events, which are committed in a shard and delivered later."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class OutboxEvent:
    """An event; `position` is an id, which orders a shard's events and holds the time."""

    position: int
    shard: int
    topic: str
    payload: dict[str, Any]
    request_id: str | None


class PartlyDelivered(Exception):
    """A handler could not deliver some events of a batch; later events may overtake them.

    Only handlers whose events carry versions may raise this.
    """

    def __init__(self, undelivered: Collection[OutboxEvent]) -> None:
        super().__init__(f"{len(undelivered)} events are still to be delivered")
        self.undelivered = undelivered
