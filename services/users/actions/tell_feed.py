"""Tells feed of graph changes: at least once, in order per pair of users."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from services.users.clients.feed import FeedClient
from shared.contracts.people import EventKind, GraphEvent
from shared.deadlines import deadline_within
from shared.errors import Unavailable
from shared.logs import get_logger
from shared.sharding.outbox import OutboxEvent
from shared.sharding.transaction import Transaction

log = get_logger()

# The topic of the events that commit with a change of the graph.
GRAPH_TOPIC = "graph"

# The longest that a follow or unfollow waits for feed; the outbox delivers the event anyway.
_AT_ONCE_MS_MAX = 1_000


def graph_event(
    kind: EventKind, actor_id: int, subject_id: int, version: int
) -> tuple[str, dict[str, Any]]:
    """The topic and payload that a transaction publishes."""
    return GRAPH_TOPIC, {
        "kind": kind,
        "actor_id": actor_id,
        "subject_id": subject_id,
        "version": version,
    }


async def publish_graph_event(
    tx: Transaction, feed: FeedClient, event: tuple[str, dict[str, Any]]
) -> None:
    """Commit an event for the relay, and tell feed directly after the commit as a best effort.

    The actor's next read of the timeline then shows the change. Feed tolerates hearing it twice.
    """
    topic, said = event
    position = await tx.publish(topic, said)
    tx.after_commit.append(partial(_tell_at_once, feed, _event_of(position, said)))


async def tell_feed(feed: FeedClient, events: Sequence[OutboxEvent]) -> None:
    """Handle relayed events; an event's position in the outbox is its id."""
    await feed.post_events([_event_of(event.position, event.payload) for event in events])


async def _tell_at_once(feed: FeedClient, event: GraphEvent) -> None:
    try:
        with deadline_within(_AT_ONCE_MS_MAX):
            await feed.post_events([event])
    except Unavailable:
        # The actor's timeline shows it slightly later, when the relay tells feed.
        log.warning("feed_not_told_yet", kind=event["kind"], actor_id=event["actor_id"])


def _event_of(position: int, said: dict[str, Any]) -> GraphEvent:
    return {
        "id": position,
        "kind": said["kind"],
        "actor_id": said["actor_id"],
        "subject_id": said["subject_id"],
        "version": said["version"],
    }
