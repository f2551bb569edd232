"""Notifies workers of new jobs and events right after a commit."""

import asyncio
from datetime import UTC, datetime

import orjson

from shared.errors import AppError
from shared.sharding import job_queue
from shared.sharding.node_pool import NodePool

OUTBOX_CHANNEL = "outbox"

_NOTIFY = (
    "SELECT pg_notify(channel, payload) FROM unnest($1::text[], $2::text[]) AS w(channel, payload)"
)


class WakeUps:
    """Sends NOTIFY outside of the writing transactions, in batches.

    Inside a transaction NOTIFY holds a server-wide lock until the commit is on disk, so writers
    would commit one after the other. A lost wake-up only delays work until the next poll.
    """

    def __init__(self) -> None:
        self._waiting: dict[NodePool, set[tuple[str, str]]] = {}
        self._senders: set[asyncio.Task[None]] = set()

    def outbox(self, node: NodePool, shard: int) -> None:
        """Announce an event in the outbox of a shard on this node."""
        self._add(node, (OUTBOX_CHANNEL, str(shard)))

    def job(self, node: NodePool, job: str) -> None:
        """Announce a job in the queue of this node."""
        self._add(node, (job_queue.channel_of(job), ""))

    async def close(self) -> None:
        """Wait up to a second for unsent wake-ups, then cancel them."""
        if self._senders:
            await asyncio.wait(self._senders, timeout=1)
        for sender in self._senders:
            sender.cancel()

    def _add(self, node: NodePool, wake_up: tuple[str, str]) -> None:
        waiting = self._waiting.get(node)
        if waiting is not None:
            waiting.add(wake_up)
            return
        self._waiting[node] = {wake_up}
        sender = asyncio.create_task(self._send(node))
        self._senders.add(sender)
        sender.add_done_callback(self._senders.discard)

    async def _send(self, node: NodePool) -> None:
        try:
            while wake_ups := self._waiting[node]:
                self._waiting[node] = set()
                channels = [channel for channel, _ in wake_ups]
                payloads = [payload or _queue_changed() for _, payload in wake_ups]
                await node.fetch(_NOTIFY, (channels, payloads))
        except AppError:
            # The node is unreachable or too busy; the workers' polls find the rows anyway.
            return
        finally:
            del self._waiting[node]


def _queue_changed() -> str:
    """Return the message that the queue library's trigger would send."""
    return orjson.dumps(
        {
            "channel": job_queue.CHANNEL,
            "operation": "insert",
            "sent_at": datetime.now(UTC),
            "table": job_queue.TABLE,
            "type": "table_changed_event",
        }
    ).decode()
