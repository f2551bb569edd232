"""Enforces a block in the shard of the blocked person."""

from collections.abc import Sequence

from services.users.actions.cut_follow import cut_follow
from services.users.clients.feed import FeedClient
from services.users.domain.edge_kinds import BLOCK
from shared.edges.edges import ACTIVE, Edges
from shared.edges.mirror import EdgeChange, EdgeMirror
from shared.sharding.outbox import OutboxEvent
from shared.sharding.shard_group import ShardGroup

# The topic of the event that commits with a block.
BLOCKS_TOPIC = "blocks"


async def enforce_blocks(
    group: ShardGroup,
    follows: Edges,
    blocks: Edges,
    feed: FeedClient,
    events: Sequence[OutboxEvent],
) -> None:
    """Handle relayed events."""
    for event in events:
        said = event.payload
        made = EdgeChange(BLOCK, said["blocker_id"], said["blocked_id"], ACTIVE, said["version"])
        await enforce_block(group, follows, blocks, feed, made)


async def enforce_block(
    group: ShardGroup, follows: Edges, blocks: Edges, feed: FeedClient, made: EdgeChange
) -> None:
    """End the blocked person's follow, unless the block was removed.

    It first mirrors the block to that shard. From then on the shard refuses new follows, so none
    can come after the one that is ended here.
    """
    blocker_id, blocked_id = made.src, made.dst
    if blocked_id not in await blocks.states(blocker_id, [blocked_id]):
        return
    shard = group.shard_of(blocked_id)
    await EdgeMirror(group).apply(shard, [made])
    async with group.writer(shard) as tx:
        await cut_follow(tx, follows, feed, blocked_id, blocker_id)
