"""Tells people what others did: published with the deed, delivered by the relay."""

import asyncio
from collections.abc import Sequence
from typing import Any

from services.feed.clients.users import UsersClient
from services.feed.domain.activity import Deed
from services.feed.store.activities import ACTIVITY_TOPIC, Told, note_activities
from services.feed.store.stream_events import TELL_BATCH_MAX, StreamEvents
from shared.contracts.activity import ActivityKind
from shared.contracts.posts import Comment
from shared.contracts.stream import About
from shared.edges.edges import ACTIVE, EdgeState
from shared.errors import Unavailable
from shared.sharding.outbox import OutboxEvent
from shared.sharding.shard_group import ShardGroup
from shared.sharding.transaction import Transaction

# A topic of its own: resolving names needs users, and other deeds must not wait for it.
MENTIONS_TOPIC = "activity.mentions"

_EVENTS_AT_ONCE = 8


async def publish_reaction(
    tx: Transaction, edge: EdgeState, recipient_id: int, kind: ActivityKind, said: dict[str, int]
) -> None:
    """Publish a like, or its end, if the edge changed; `said` holds the other payload fields."""
    if edge.changed:
        event = {"recipient": recipient_id, "kind": kind, "done": edge.state == ACTIVE, **said}
        await tx.publish(ACTIVITY_TOPIC, event)


async def publish_comment(tx: Transaction, comment: Comment, author_id: int) -> None:
    """Publish the comment for the post's author, the writer replied to and those mentioned."""
    said = {
        "actor": comment["writer_id"],
        "subject": comment["id"],
        "post": comment["post_id"],
        "done": True,
    }
    parent_writer_id = comment["parent_writer_id"]
    if parent_writer_id is not None:
        await tx.publish(ACTIVITY_TOPIC, {"recipient": parent_writer_id, "kind": "reply", **said})
    if author_id != parent_writer_id:
        await tx.publish(ACTIVITY_TOPIC, {"recipient": author_id, "kind": "comment", **said})
    await publish_mentions(
        tx, comment["mentions"], comment["writer_id"], comment["id"], comment["post_id"]
    )


async def publish_mentions(
    tx: Transaction, names: Sequence[str], actor_id: int, subject_id: int, post_id: int
) -> None:
    """Publish the mentions of a caption or a comment, which is the subject."""
    if names:
        said = {"actor": actor_id, "subject": subject_id, "post": post_id, "names": list(names)}
        await tx.publish(MENTIONS_TOPIC, said)


async def deliver_deeds(
    group: ShardGroup, stream: StreamEvents, events: Sequence[OutboxEvent]
) -> None:
    """Handle relayed events: note each deed and tell connected viewers."""
    await note_and_tell(group, stream, [_told(event) for event in events])


async def deliver_mentions(
    group: ShardGroup, stream: StreamEvents, users: UsersClient, events: Sequence[OutboxEvent]
) -> None:
    """Handle relayed events: resolve names to users; unknown names are dropped."""
    gate = asyncio.Semaphore(_EVENTS_AT_ONCE)

    async def mentioned(event: OutboxEvent) -> list[Told]:
        said = event.payload
        async with gate:
            found = await users.ids_by_usernames(said["names"], viewer_id=said["actor"])
        deed = Deed("mention", said["subject"], said["actor"], said["post"], event.position)
        return [Told(user_id, deed) for user_id in found.values()]

    told = await asyncio.gather(*(mentioned(event) for event in events))
    await note_and_tell(group, stream, [one for of_event in told for one in of_event])


async def note_and_tell(group: ShardGroup, stream: StreamEvents, told: Sequence[Told]) -> None:
    """Store the deeds, then tell the connected recipients."""
    await note_activities(group, told)
    by_recipient: dict[int, list[About]] = {}
    for one in told:
        if one.is_done and one.recipient_id != one.deed.actor_id:
            by_recipient.setdefault(one.recipient_id, []).append(_about(one.deed))
    recipients = list(by_recipient)
    try:
        for start in range(0, len(recipients), TELL_BATCH_MAX):
            batch = recipients[start : start + TELL_BATCH_MAX]
            await stream.tell_each("activity", {one: by_recipient[one] for one in batch})
    except Unavailable:
        # Connected viewers see it at their next refresh, or hear of the following deed.
        return


def _about(deed: Deed) -> About:
    about: About = {"what": deed.kind, "user_id": str(deed.actor_id)}
    if deed.post_id is not None:
        about["post_id"] = str(deed.post_id)
        if deed.subject_id != deed.post_id:
            about["comment_id"] = str(deed.subject_id)
    return about


def _told(event: OutboxEvent) -> Told:
    said: dict[str, Any] = event.payload
    deed = Deed(said["kind"], said["subject"], said["actor"], said["post"], event.position)
    return Told(said["recipient"], deed, said["done"])
