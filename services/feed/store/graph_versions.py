"""What feed has heard of the follow graph, so that an old message that comes late is known."""

from pathlib import Path

from shared.contracts.people import GraphEvent
from shared.sharding.shard_group import ShardGroup
from shared.sql_files import load_queries

_SQL = load_queries(Path(__file__).with_suffix(".sql"))

# The name under which such jobs stand in queues.
CONFIRM_EVENT = "settle_graph_event"

# By then the other side of the edge has been mirrored, and deliveries that began before it have
# ended: what they did to the timeline is put right.
CONFIRM_DELAY_S = 60.0

# Asking to follow, following and unfollowing change the same edge, and share its versions.
_EDGES = {"follow": "follow", "unfollow": "follow", "request": "follow"}


async def note_version(group: ShardGroup, event: GraphEvent) -> bool:
    """Is it the newest of its edge so far? If so, it is also confirmed a minute later."""
    async with group.writer(group.shard_of(event["actor_id"])) as tx:
        newest = await tx.value(
            _SQL["note_version"],
            actor_id=event["actor_id"],
            edge=_edge_of(event),
            subject_id=event["subject_id"],
            version=event["version"],
        )
        if newest is not None:
            await tx.enqueue(CONFIRM_EVENT, dict(event), delay_s=CONFIRM_DELAY_S)
    return newest is not None


async def is_newest(group: ShardGroup, event: GraphEvent) -> bool:
    """Has nothing newer been heard of?"""
    reader = group.reader(group.shard_of(event["actor_id"]))
    version = await reader.value(
        _SQL["find_version"],
        actor_id=event["actor_id"],
        edge=_edge_of(event),
        subject_id=event["subject_id"],
    )
    return version is None or version <= event["version"]


def _edge_of(event: GraphEvent) -> str:
    return _EDGES.get(event["kind"], event["kind"])
