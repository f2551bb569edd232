"""Ends a follow or a request within a transaction in the follower's shard."""

from services.users.actions.tell_feed import graph_event, publish_graph_event
from services.users.clients.feed import FeedClient
from services.users.store.relations import lock_pair
from shared.edges.edges import Edges
from shared.sharding.transaction import Transaction


async def cut_follow(
    tx: Transaction, follows: Edges, feed: FeedClient, follower_id: int, user_id: int
) -> None:
    """End it; feed is told only if there was one."""
    await lock_pair(tx, follower_id, user_id)
    edge = await follows.remove(follower_id, user_id, tx=tx)
    if edge.changed:
        event = graph_event("unfollow", follower_id, user_id, edge.version)
        await publish_graph_event(tx, feed, event)
