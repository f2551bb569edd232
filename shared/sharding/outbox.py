"""Outbox events, which are committed in a shard and delivered later."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.sharding.shard_group import ShardGroup
from shared.sql_files import load_queries

_SQL = load_queries(Path(__file__).with_suffix(".sql"))


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


async def outbox_names(group: ShardGroup, account_id: int) -> bool:
    """Whether an undelivered event of any shard names the account; parked events count."""
    rows = await group.rows_across(_SQL["events_naming"], group.shards(), account_id=account_id)
    return bool(rows)
