"""Ends what a block forbids in the shard of the one who is blocked."""

from collections.abc import Sequence

from services.users.actions.cut_follow import cut_follow
from services.users.clients.feed import FeedClient
from services.users.domain.edge_kinds import BLOCK
from shared.edges.edges import ACTIVE, Edges
from shared.edges.mirror import EdgeChange, EdgeMirror
from shared.sharding.outbox import OutboxEvent
from shared.sharding.shard_group import ShardGroup

# The topic of the event that is committed with a block.
BLOCKS_TOPIC = "blocks"


async def enforce_blocks(
    group: ShardGroup,
    follows: Edges,
    blocks: Edges,
    feed: FeedClient,
    events: Sequence[OutboxEvent],
) -> None:
    """A handler for the relay."""
    for event in events:
        said = event.payload
        made = EdgeChange(BLOCK, said["blocker_id"], said["blocked_id"], ACTIVE, said["version"])
        await enforce_block(group, follows, blocks, feed, made)


async def enforce_block(
    group: ShardGroup, follows: Edges, blocks: Edges, feed: FeedClient, made: EdgeChange
) -> None:
    """End the follow of the one who is blocked, unless the block is over by now.

    First the block is brought to that shard: from then on it refuses new follows, so none comes
    after the one that is ended here.
    """
    blocker_id, blocked_id = made.src, made.dst
    if blocked_id not in await blocks.states(blocker_id, [blocked_id]):
        return
    shard = group.shard_of(blocked_id)
    await EdgeMirror(group).apply(shard, [made])
    async with group.writer(shard) as tx:
        await cut_follow(tx, follows, feed, blocked_id, blocker_id)
