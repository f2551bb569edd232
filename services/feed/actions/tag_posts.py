"""Writes a post's tags as edges, in the transaction that changes the post."""

from collections.abc import Iterable, Sequence

from services.feed.domain.edge_kinds import TAG
from services.feed.domain.tags import tag_id
from services.feed.store.tags import keep_names
from shared.edges.edges import ACTIVE, REMOVED, Edges
from shared.sharding.outbox import OutboxEvent
from shared.sharding.shard_group import ShardGroup
from shared.sharding.transaction import Transaction

NAMED_TOPIC = "tags.named"


async def change_tags(
    group: ShardGroup,
    tx: Transaction,
    post_id: int,
    *,
    before: Iterable[str] = (),
    after: Iterable[str] = (),
) -> None:
    """Add the edges of new tags, and remove those of tags that only `before` has."""
    wanted, former = set(after), set(before)
    edges = Edges(group, TAG)
    # Transactions that meet must lock edges in ascending order.
    for tag in sorted(wanted ^ former, key=tag_id):
        await edges.put(post_id, tag_id(tag), ACTIVE if tag in wanted else REMOVED, tx=tx)
    if added := sorted(wanted - former):
        await tx.publish(NAMED_TOPIC, {"names": added})


async def keep_tag_names(group: ShardGroup, events: Sequence[OutboxEvent]) -> None:
    """Handle relayed events: store the tags' spellings where the search finds them."""
    names = {name for event in events for name in event.payload["names"]}
    await keep_names(group, sorted(names))
