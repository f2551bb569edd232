"""Removes the viewer's block; ended follows do not return."""

from dataclasses import replace

from services.users.actions.get_blockable_profile import get_blockable_profile
from services.users.domain.profiles import relationship_of
from shared.contracts.people import Relationship
from shared.edges.edges import Edges
from shared.sharding.shard_group import ShardGroup


async def unblock(group: ShardGroup, blocks: Edges, viewer_id: int, user_id: int) -> Relationship:
    """Unblock; repeatable. Raises OwnAccount and NotFound."""
    relation = await get_blockable_profile(group, viewer_id, user_id)
    await blocks.remove(viewer_id, user_id)
    return relationship_of(replace(relation, blocking=False))
