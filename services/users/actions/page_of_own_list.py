"""Lists people by the viewer's own edges: requests, blocks, mutes."""

from services.users.domain.profiles import card_of
from services.users.domain.visibility import may_know
from services.users.store.profiles import card_facts_by_ids
from services.users.store.relations import relations_of
from shared.contracts.people import PersonPage
from shared.edges.edges import EdgePage
from shared.sharding.shard_group import ShardGroup


async def page_of_own_list(
    group: ShardGroup, viewer_id: int, page: EdgePage, *, with_blocked: bool = False
) -> PersonPage:
    """The cards of a page of edges; `with_blocked` keeps people whom the viewer blocks."""
    cards = await card_facts_by_ids(group, page.ids)
    relations = await relations_of(group, viewer_id, page.ids)
    return {
        "items": [
            card_of(cards[user_id], viewer_id, relations[user_id])
            for user_id in page.ids
            if user_id in cards
            and (with_blocked or may_know(viewer_id, user_id, relations[user_id]))
        ],
        "next_cursor": page.next_cursor,
    }
