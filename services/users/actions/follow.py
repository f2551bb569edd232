"""Follows a person, or asks to follow a private one."""

from dataclasses import replace

from services.users.actions.accept_requests import accept_if_public
from services.users.actions.get_visible_profile import get_visible_profile
from services.users.actions.tell_feed import graph_event, publish_graph_event
from services.users.clients.feed import FeedClient
from services.users.domain.edge_kinds import REQUESTED
from services.users.domain.following import check_two_people, step_of_follow
from services.users.domain.profiles import relationship_of
from services.users.domain.visibility import may_know
from services.users.store.relations import lock_pair, relation_within, relations_of
from shared.contracts.people import EventKind, Relationship
from shared.edges.edges import ACTIVE, Edges
from shared.errors import NotFound
from shared.sharding.shard_group import ShardGroup


async def follow(
    group: ShardGroup, follows: Edges, feed: FeedClient, viewer_id: int, user_id: int
) -> Relationship:
    """Follow or ask; repeatable. Raises OwnAccount and NotFound.

    The edge in the viewer's shard is the truth; it commits together with the event for feed.
    """
    check_two_people(viewer_id, user_id)
    known = await get_visible_profile(group, viewer_id, user_id)
    step = step_of_follow(subject_is_private=known.person.card.is_private)
    async with group.writer(group.shard_of(viewer_id)) as tx:
        await lock_pair(tx, viewer_id, user_id)
        relation = await relation_within(tx, viewer_id, user_id)
        if not may_know(viewer_id, user_id, relation):
            raise NotFound
        edge = await follows.put(viewer_id, user_id, step.state, tx=tx, replacing=step.replacing)
        if edge.changed:
            kind: EventKind = "follow" if edge.state == ACTIVE else "request"
            event = graph_event(kind, viewer_id, user_id, edge.version)
            await publish_graph_event(tx, feed, event)
    # The account may have become public meanwhile, too early to see this request.
    if edge.state == REQUESTED and await accept_if_public(group, follows, viewer_id, user_id):
        return relationship_of((await relations_of(group, viewer_id, [user_id]))[user_id])
    now = replace(relation, following=edge.state == ACTIVE, requested=edge.state == REQUESTED)
    return relationship_of(now)
