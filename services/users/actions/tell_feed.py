"""Tells feed of changes in the graph: at least once, in order per pair of users."""

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

# The topic of the events that are committed with a change of the graph.
GRAPH_TOPIC = "graph"

# What somebody who follows or unfollows waits for feed at most: the outbox delivers it anyway.
_AT_ONCE_MS_MAX = 1_000


def graph_event(
    kind: EventKind, actor_id: int, subject_id: int, version: int
) -> tuple[str, dict[str, Any]]:
    """What a transaction publishes: topic and payload."""
    return GRAPH_TOPIC, {
        "kind": kind,
        "actor_id": actor_id,
        "subject_id": subject_id,
        "version": version,
    }


async def publish_graph_event(
    tx: Transaction, feed: FeedClient, event: tuple[str, dict[str, Any]]
) -> None:
    """Commit an event for the relay, and tell feed right after the commit as a best effort.

    Thus the actor's next look at the timeline shows it; that feed hears it twice does no harm.
    """
    topic, said = event
    position = await tx.publish(topic, said)
    tx.after_commit.append(partial(_tell_at_once, feed, _event_of(position, said)))


async def tell_feed(feed: FeedClient, events: Sequence[OutboxEvent]) -> None:
    """A handler for the relay; the place of an event in the outbox is its id."""
    await feed.post_events([_event_of(event.position, event.payload) for event in events])


async def _tell_at_once(feed: FeedClient, event: GraphEvent) -> None:
    try:
        with deadline_within(_AT_ONCE_MS_MAX):
            await feed.post_events([event])
    except Unavailable:
        # The actor's timeline shows it a little later: the relay tells feed from the outbox.
        log.warning("feed_not_told_yet", kind=event["kind"], actor_id=event["actor_id"])


def _event_of(position: int, said: dict[str, Any]) -> GraphEvent:
    return {
        "id": position,
        "kind": said["kind"],
        "actor_id": said["actor_id"],
        "subject_id": said["subject_id"],
        "version": said["version"],
    }
