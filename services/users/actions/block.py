"""Blocks a person: each is hidden from the other, and both follows end."""

from dataclasses import replace

from services.users.actions.cut_follow import cut_follow
from services.users.actions.enforce_blocks import BLOCKS_TOPIC, enforce_block
from services.users.actions.get_blockable_profile import get_blockable_profile
from services.users.actions.tell_feed import graph_event, publish_graph_event
from services.users.clients.feed import FeedClient
from services.users.domain.edge_kinds import BLOCK
from services.users.domain.profiles import relationship_of
from services.users.store.relations import lock_pair
from shared.contracts.people import Relationship
from shared.edges.edges import ACTIVE, Edges
from shared.edges.mirror import EdgeChange
from shared.errors import Unavailable
from shared.logs import get_logger
from shared.sharding.shard_group import ShardGroup

log = get_logger()


async def block(
    group: ShardGroup,
    follows: Edges,
    blocks: Edges,
    feed: FeedClient,
    viewer_id: int,
    user_id: int,
) -> Relationship:
    """Block; repeatable. Raises OwnAccount and NotFound.

    The block and the end of the viewer's follow are one transaction in the viewer's shard. The
    other follow ends in the other's shard: at once, or from the outbox if that is away.
    """
    relation = await get_blockable_profile(group, viewer_id, user_id)
    async with group.writer(group.shard_of(viewer_id)) as tx:
        await lock_pair(tx, viewer_id, user_id)
        edge = await blocks.put(viewer_id, user_id, tx=tx)
        await cut_follow(tx, follows, feed, viewer_id, user_id)
        if edge.changed:
            said = {"blocker_id": viewer_id, "blocked_id": user_id, "version": edge.version}
            await tx.publish(BLOCKS_TOPIC, said)
            event = graph_event("block", viewer_id, user_id, edge.version)
            await publish_graph_event(tx, feed, event)
    try:
        made = EdgeChange(BLOCK, viewer_id, user_id, ACTIVE, edge.version)
        await enforce_block(group, follows, blocks, feed, made)
    except Unavailable:
        # The blocked person still counts as a follower, but no longer sees anything.
        log.warning("block_not_enforced_yet", blocker_id=viewer_id, blocked_id=user_id)
    now = replace(relation, blocking=True, following=False, requested=False, followed_by=False)
    return relationship_of(now)
