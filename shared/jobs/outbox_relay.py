"""Delivers the outbox events of every shard at least once, in order per shard and topic."""

import asyncio
from collections.abc import Mapping

from shared.edges.mirror import TOPIC as EDGE_TOPIC
from shared.edges.mirror import EdgeMirror
from shared.errors import Unavailable
from shared.jobs.delivery import AWAY_SECONDS_MAX, BATCH_MAX, Handler, ShardOutbox, by_topic
from shared.jobs.metrics import OUTBOX_FAILURES
from shared.jobs.pauses import pause
from shared.jobs.relay_lease import RelayLease
from shared.logs import get_logger, request_id
from shared.sharding.outbox import OutboxEvent, PartlyDelivered
from shared.sharding.shard_group import ShardGroup
from shared.tracing.frames import OK, current_frame
from shared.tracing.trace_context import carried_in
from shared.tracing.tracer import TRACER

POLL_SECONDS = 1.0
SHARDS_AT_ONCE = 8

# An event is parked after this many failures in a row that are not Unavailable.
FAILURES_MAX = 10

_RESTART_SECONDS = 0.5

log = get_logger()


class OutboxRelay:
    """A worker loop; among several workers, one at a time drains the shards of a primary.

    A handler gets up to 500 events of one topic and shard, in order, and must tolerate repetition.
    While it fails, only that topic of that shard waits. The topic of edges has its handler built
    in.
    """

    def __init__(
        self,
        group: ShardGroup,
        handlers: Mapping[str, Handler],
        *,
        poll_s: float = POLL_SECONDS,
        failures_max: int = FAILURES_MAX,
    ) -> None:
        self._group = group
        self._handlers = {EDGE_TOPIC: EdgeMirror(group).deliver, **handlers}
        self._poll_s = poll_s
        self._failures_max = failures_max
        self._outboxes: dict[int, ShardOutbox] = {}
        self._drains: dict[int, asyncio.Task[None]] = {}
        # Shards that need another pass after the present one.
        self._again: set[int] = set()
        self._gate = asyncio.Semaphore(SHARDS_AT_ONCE)

    async def run(self, stop: asyncio.Event) -> None:
        """Relay until `stop` is set, then finish the deliveries under way."""
        loops: dict[str, asyncio.Task[None]] = {}
        async with asyncio.TaskGroup() as tasks:
            while not stop.is_set():
                for primary in self._group.primaries():
                    # A primary that joins the map gets a loop of its own.
                    if primary.name not in loops:
                        loops[primary.name] = tasks.create_task(
                            self._serve_primary(primary.name, stop)
                        )
                await pause(stop, self._poll_s)

    async def _serve_primary(self, name: str, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                async with RelayLease(self._group, name, self._poll_s) as lease:
                    await self._serve_while_there(lease, stop)
            except Unavailable as error:
                log.warning("outbox waits for its primary", primary=name, reason=error.detail)
            except Exception:
                log.exception("outbox relay failed and restarts", primary=name)
            await pause(stop, _RESTART_SECONDS)

    async def _serve_while_there(self, lease: RelayLease, stop: asyncio.Event) -> None:
        try:
            while not stop.is_set() and not lease.lost:
                if await lease.held():
                    self._start_drains(await lease.shards_to_drain(), lease, stop)
                await lease.wait(stop)
        finally:
            if lease.drains:
                await asyncio.wait(lease.drains)

    def _start_drains(self, shards: set[int], lease: RelayLease, stop: asyncio.Event) -> None:
        self._again |= shards
        for shard in shards:
            is_over = shard not in self._drains or self._drains[shard].done()
            if is_over and not lease.lost:
                drain = asyncio.create_task(self._drain_in_turn(shard, stop))
                self._drains[shard] = drain
                lease.drains.add(drain)
                drain.add_done_callback(lease.drains.discard)

    async def _drain_in_turn(self, shard: int, stop: asyncio.Event) -> None:
        async with self._gate:
            try:
                while shard in self._again and not stop.is_set():
                    self._again.discard(shard)
                    await self.drain(shard)
            except Unavailable as error:
                log.warning("outbox of a shard waits", shard=shard, reason=error.detail)
            except Exception:
                log.exception("outbox of a shard failed", shard=shard)

    async def drain(self, shard: int) -> None:
        """Make one pass over a shard's waiting events; raises Unavailable without its primary."""
        outbox = self._outboxes.setdefault(shard, ShardOutbox(self._group, shard))
        held = set(outbox.blocked())
        after = 0
        while True:
            events = await outbox.next_events(after, held)
            for topic, of_topic in by_topic(events).items():
                if not await self._deliver(outbox, topic, of_topic):
                    # Later events must not overtake the undelivered ones of this topic.
                    held.add(topic)
            if len(events) < BATCH_MAX:
                return
            after = events[-1].position

    async def _deliver(self, outbox: ShardOutbox, topic: str, events: list[OutboxEvent]) -> bool:
        """Deliver events; returns whether later ones of the topic may follow in this pass."""
        retried = outbox.failures(topic) > 0
        if retried:
            # Any of the events may cause the failure, so they go one by one.
            events = events[:1]
        try:
            await self._hand_over(topic, events)
        except PartlyDelivered as rest:
            self._count_failure(topic, "partly")
            await outbox.forget(events, but=rest.undelivered)
            return True
        except Unavailable as error:
            self._count_failure(topic, error.code)
            outbox.hold(topic, max_s=AWAY_SECONDS_MAX)
            return False
        except Exception as error:
            self._count_failure(topic, type(error).__name__)
            log.exception("an event could not be delivered", topic=topic, count=len(events))
            outbox.hold(topic)
            if outbox.failures(topic) >= self._failures_max:
                await outbox.park(events[0], repr(error))
            return False
        await outbox.forget(events)
        if retried:
            self._again.add(outbox.shard)
        return not retried

    async def _hand_over(self, topic: str, events: list[OutboxEvent]) -> None:
        said = [carried_in(event.request_id) for event in events]
        present = said[0][0]
        request_id.set(present)
        causes = list(dict.fromkeys(cause for _, cause in said if cause is not None))
        frame = TRACER.begin_job(f"deliver {topic}", present, causes)
        outcome = "failed"
        try:
            await self._handler(topic)(events)
            outcome = OK
        except (PartlyDelivered, Unavailable):
            # It is tried again soon, and while something is away this is no news.
            outcome = OK
            raise
        finally:
            if frame is not None:
                TRACER.end(frame, outcome)
                current_frame.set(None)

    def _handler(self, topic: str) -> Handler:
        try:
            return self._handlers[topic]
        except KeyError:
            # A newer version of the service may have written the event, so it is kept.
            raise Unavailable(f"no handler for the topic {topic}") from None

    def _count_failure(self, topic: str, kind: str) -> None:
        OUTBOX_FAILURES.labels(self._group.name, topic, kind).inc()
