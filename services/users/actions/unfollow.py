"""Ends the viewer's follow of a person, or withdraws the request."""

from dataclasses import replace

from services.users.actions.cut_follow import cut_follow
from services.users.actions.get_visible_profile import get_visible_profile
from services.users.clients.feed import FeedClient
from services.users.domain.following import check_two_people
from services.users.domain.profiles import relationship_of
from shared.contracts.people import Relationship
from shared.edges.edges import Edges
from shared.sharding.shard_group import ShardGroup


async def unfollow(
    group: ShardGroup, follows: Edges, feed: FeedClient, viewer_id: int, user_id: int
) -> Relationship:
    """Unfollow; repeatable. Raises OwnAccount and NotFound."""
    check_two_people(viewer_id, user_id)
    known = await get_visible_profile(group, viewer_id, user_id)
    async with group.writer(group.shard_of(viewer_id)) as tx:
        await cut_follow(tx, follows, feed, viewer_id, user_id)
    return relationship_of(replace(known.relation, following=False, requested=False))
