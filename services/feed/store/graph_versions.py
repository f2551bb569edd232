"""The newest version of each edge that feed knows, to recognise late and outdated events."""

from pathlib import Path

from shared.contracts.people import GraphEvent
from shared.jobs.expired_rows import Expiry
from shared.sharding.shard_group import ShardGroup
from shared.sql_files import load_queries

_SQL = load_queries(Path(__file__).with_suffix(".sql"))

# Queues hold jobs of this name, so it cannot change with the constant's.
CONFIRM_EVENT = "settle_graph_event"

# By then the edge is mirrored and deliveries that began before it have ended, so the second
# application corrects what they did.
CONFIRM_DELAY_S = 60.0

# Late events come within hours, even after an outage of feed, since the outbox keeps their order.
_KEPT_S = 7 * 24 * 3600.0

OLD_VERSIONS = Expiry(_SQL["end_old_versions"], _KEPT_S)

# Request, follow and unfollow change the same edge and share its versions.
_EDGES = {"follow": "follow", "unfollow": "follow", "request": "follow"}


async def note_version(group: ShardGroup, event: GraphEvent) -> bool:
    """Record the version; False if a newer one is known. Also enqueue the later confirmation."""
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
    """Whether no newer event of this edge is known."""
    reader = group.reader(group.shard_of(event["actor_id"]))
    version = await reader.value(
        _SQL["find_version"],
        actor_id=event["actor_id"],
        edge=_edge_of(event),
        subject_id=event["subject_id"],
    )
    return version is None or version <= event["version"]


async def forget_versions_about(group: ShardGroup, user_id: int) -> None:
    """Delete the versions of all edges that end at a user, in the shards where they begin."""
    rows = await group.rows_across(_SQL["actors_about"], group.shards(), subject_id=user_id)
    for shard in {group.shard_of(row["actor_id"]) for row in rows}:
        async with group.writer(shard) as tx:
            await tx.execute(_SQL["forget_versions_about"], subject_id=user_id)


def _edge_of(event: GraphEvent) -> str:
    return _EDGES.get(event["kind"], event["kind"])
