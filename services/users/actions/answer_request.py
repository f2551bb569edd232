"""Accepts or refuses a follow request."""

from dataclasses import replace

from services.users.actions.cut_follow import cut_follow
from services.users.actions.get_visible_profile import get_visible_profile
from services.users.actions.tell_feed import graph_event, publish_graph_event
from services.users.clients.feed import FeedClient
from services.users.domain.edge_kinds import REQUESTED
from services.users.domain.profiles import relationship_of
from services.users.store.relations import lock_pair, relation_within
from shared.contracts.people import Relationship
from shared.edges.edges import ACTIVE, Edges
from shared.errors import NotFound
from shared.sharding.shard_group import ShardGroup


async def answer_request(
    group: ShardGroup,
    follows: Edges,
    feed: FeedClient,
    viewer_id: int,
    requester_id: int,
    *,
    accept: bool,
) -> Relationship:
    """Accept or refuse; repeatable. Raises NotFound if there is nothing to accept.

    The edge belongs to the requester, so the viewer's answer changes it in the requester's shard.
    """
    known = await get_visible_profile(group, viewer_id, requester_id)
    async with group.writer(group.shard_of(requester_id)) as tx:
        await lock_pair(tx, requester_id, viewer_id)
        relation = await relation_within(tx, requester_id, viewer_id)
        if not accept and relation.requested:
            await cut_follow(tx, follows, feed, requester_id, viewer_id)
        if accept and not (relation.requested or relation.following):
            raise NotFound
        if accept:
            edge = await follows.put(requester_id, viewer_id, ACTIVE, tx=tx, replacing=(REQUESTED,))
            if edge.changed:
                event = graph_event("follow", requester_id, viewer_id, edge.version)
                await publish_graph_event(tx, feed, event)
    follows_now = accept or relation.following
    return relationship_of(replace(known.relation, followed_by=follows_now))
