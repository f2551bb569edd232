"""Lists the followers or the followees of a person."""

from collections.abc import Awaitable, Callable

from services.users.actions.cards_by_ids import cards_by_ids
from services.users.actions.get_visible_profile import get_visible_profile
from shared.contracts.people import CountedPersonPage
from shared.edges.edges import EdgePage
from shared.errors import NotFound
from shared.sharding.shard_group import ShardGroup


async def page_of_cards(
    group: ShardGroup,
    viewer_id: int | None,
    user_id: int,
    page_of_edges: Callable[[], Awaitable[EdgePage]],
) -> CountedPersonPage:
    """The cards of a page of edges; raises NotFound if the viewer may not see the list.

    It leaves out people whom the viewer may not know of, and counts them: the profile's counts
    would otherwise tell of them what the list does not.
    """
    known = await get_visible_profile(group, viewer_id, user_id)
    if not known.may_view:
        raise NotFound
    page = await page_of_edges()
    cards = await cards_by_ids(group, viewer_id, page.ids)
    return {
        "items": list(cards.values()),
        "next_cursor": page.next_cursor,
        "hidden_count": len(page.ids) - len(cards),
    }
