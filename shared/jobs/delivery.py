"""Reads, deletes and parks the outbox events of one shard, and delays failed topics."""

import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from shared.ids import created_ms
from shared.jobs.metrics import OUTBOX_DELAY_SECONDS, OUTBOX_DELIVERED
from shared.sharding.outbox import OutboxEvent
from shared.sharding.shard_group import ShardGroup
from shared.sql_files import load_queries

_SQL = load_queries(Path(__file__).with_name("outbox_relay.sql"))

BATCH_MAX = 500
BACKOFF_SECONDS_MIN = 0.2
BACKOFF_SECONDS_MAX = 30.0
# An unreachable receiver may return at any moment. Trying is cheap, and waiting events grow late.
AWAY_SECONDS_MAX = 2.0

Handler = Callable[[list[OutboxEvent]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _Hold:
    """A topic's failures in a row, and the monotonic time until which it waits."""

    failures: int
    until_s: float


class ShardOutbox:
    """The outbox of one shard, as the relay sees it."""

    def __init__(self, group: ShardGroup, shard: int) -> None:
        self.shard = shard
        self._group_name = group.name
        # A replica may still hold events that were delivered long ago.
        self._reader = group.reader(shard, stand_in=False)
        self._holds: dict[str, _Hold] = {}

    def blocked(self) -> list[str]:
        """Return the topics that still wait after a failure."""
        now_s = time.monotonic()
        return [topic for topic, hold in self._holds.items() if hold.until_s > now_s]

    def failures(self, topic: str) -> int:
        """Return the topic's failures in a row."""
        hold = self._holds.get(topic)
        return 0 if hold is None else hold.failures

    def hold(self, topic: str, *, max_s: float = BACKOFF_SECONDS_MAX) -> None:
        """Delay a topic after a failure; the delay doubles with each one, up to `max_s` seconds."""
        failures = self.failures(topic) + 1
        wait_s = min(BACKOFF_SECONDS_MIN * 2 ** (failures - 1), max_s)
        self._holds[topic] = _Hold(failures, time.monotonic() + wait_s)

    async def next_events(self, after: int, held: Collection[str]) -> list[OutboxEvent]:
        """Return up to BATCH_MAX events after a position, in order, without held topics."""
        rows = await self._reader.rows(
            _SQL["next_events"], after=after, held=list(held), limit=BATCH_MAX
        )
        return [
            OutboxEvent(
                row["position"], self.shard, row["topic"], row["payload"], row["request_id"]
            )
            for row in rows
        ]

    async def forget(self, events: list[OutboxEvent], *, but: Collection[OutboxEvent] = ()) -> None:
        """Delete the delivered events of one topic, all except `but`, and end the topic's delay."""
        left = {event.position for event in but}
        done = [event for event in events if event.position not in left]
        if not done:
            return
        positions = [event.position for event in done]
        await self._reader.rows(_SQL["forget_events"], positions=positions)
        self._holds.pop(done[0].topic, None)
        now_s = time.time()
        for event in done:
            delay_s = max(0.0, now_s - created_ms(event.position) / 1000)
            OUTBOX_DELAY_SECONDS.labels(self._group_name, event.topic).observe(delay_s)
            OUTBOX_DELIVERED.labels(self._group_name, event.topic).inc()

    async def park(self, event: OutboxEvent, reason: str) -> None:
        """Set aside an event that cannot be delivered, so that later events can pass it."""
        await self._reader.rows(_SQL["park_event"], position=event.position, reason=reason[:500])
        self._holds.pop(event.topic, None)


def by_topic(events: list[OutboxEvent]) -> dict[str, list[OutboxEvent]]:
    """Group events by topic, each group in order."""
    topics: dict[str, list[OutboxEvent]] = defaultdict(list)
    for event in events:
        topics[event.topic].append(event)
    return topics
