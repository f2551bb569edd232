"""Ends another person's follow of the viewer."""

from dataclasses import replace

from services.users.actions.cut_follow import cut_follow
from services.users.actions.get_visible_profile import get_visible_profile
from services.users.clients.feed import FeedClient
from services.users.domain.profiles import relationship_of
from shared.contracts.people import Relationship
from shared.edges.edges import Edges
from shared.sharding.shard_group import ShardGroup


async def remove_follower(
    group: ShardGroup, follows: Edges, feed: FeedClient, viewer_id: int, follower_id: int
) -> Relationship:
    """Remove; repeatable. Raises NotFound. The follower is not told and may ask again."""
    known = await get_visible_profile(group, viewer_id, follower_id)
    async with group.writer(group.shard_of(follower_id)) as tx:
        await cut_follow(tx, follows, feed, follower_id, viewer_id)
    return relationship_of(replace(known.relation, followed_by=False))
