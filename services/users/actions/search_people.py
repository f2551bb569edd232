"""Finds people by the beginning of a username or of a word of a display name."""

from services.users.actions.cards_by_ids import cards_by_ids
from services.users.domain.searchable_names import search_prefix
from services.users.store.searchable_names import page_by_prefix
from shared.contracts.people import PersonPage
from shared.sharding.shard_group import ShardGroup


async def search_people(
    group: ShardGroup, viewer_id: int | None, query: str, *, limit: int, cursor: str | None
) -> PersonPage:
    """In the order of the matching names; an exact match comes first.

    It leaves out people whom the viewer may not know of, so a page may be short.
    """
    prefix = search_prefix(query)
    if not prefix:
        return {"items": [], "next_cursor": None}
    page = await page_by_prefix(group, prefix, limit=limit, cursor=cursor)
    cards = await cards_by_ids(group, viewer_id, page.ids)
    return {"items": list(cards.values()), "next_cursor": page.next_cursor}
