"""Accepts the waiting follow requests of an account that has become public."""

from collections.abc import Sequence

from services.users.actions.tell_feed import graph_event
from services.users.domain.edge_kinds import REQUESTED
from services.users.domain.visibility import may_know
from services.users.store.profiles import card_facts_by_ids
from services.users.store.relations import lock_pair, page_of_requesters, relation_within
from shared.edges.edges import ACTIVE, Edges
from shared.sharding.outbox import OutboxEvent
from shared.sharding.shard_group import ShardGroup

# The topic of the event that commits with the change to public.
OPENED_TOPIC = "opened"

# Some seconds of work; a further event, behind those of others, continues.
ACCEPTED_AT_ONCE_MAX = 200


async def accept_requests(
    group: ShardGroup,
    follows: Edges,
    events: Sequence[OutboxEvent],
    *,
    at_once_max: int = ACCEPTED_AT_ONCE_MAX,
) -> None:
    """Handle relayed events; repeatable.

    A concurrent request that is not mirrored yet is accepted by its own maker.
    """
    for event in events:
        user_id = event.payload["user_id"]
        page = await page_of_requesters(group, user_id, limit=at_once_max, cursor=None)
        for requester_id in page.ids:
            if not await accept_if_public(group, follows, requester_id, user_id):
                break
        else:
            await _go_on_later(group, user_id, more=page.next_cursor is not None)


async def accept_if_public(
    group: ShardGroup, follows: Edges, requester_id: int, user_id: int
) -> bool:
    """Turn a request into a follow; False if the person is gone, or private again."""
    cards = await card_facts_by_ids(group, [user_id])
    if user_id not in cards or cards[user_id].is_private:
        return False
    async with group.writer(group.shard_of(requester_id)) as tx:
        await lock_pair(tx, requester_id, user_id)
        relation = await relation_within(tx, requester_id, user_id)
        if may_know(requester_id, user_id, relation):
            edge = await follows.put(requester_id, user_id, ACTIVE, tx=tx, replacing=(REQUESTED,))
            if edge.changed:
                await tx.publish(*graph_event("follow", requester_id, user_id, edge.version))
    return True


async def _go_on_later(group: ShardGroup, user_id: int, *, more: bool) -> None:
    if more:
        async with group.writer(group.shard_of(user_id)) as tx:
            await tx.publish(OPENED_TOPIC, {"user_id": user_id})
