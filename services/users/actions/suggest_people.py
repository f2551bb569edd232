"""Suggests people: the followees of the viewer's followees."""

from services.users.actions.cards_by_ids import cards_by_ids
from services.users.domain.suggestions import (
    FOLLOWED_SAMPLED_MAX,
    FOLLOWS_OF_EACH_MAX,
    Rank,
    best_first,
    is_to_be_suggested,
)
from services.users.store.relations import relations_of
from services.users.store.suggestions import followed_by
from shared.contracts.people import PersonPage
from shared.cursors import CursorShape, Number
from shared.edges.edges import Edges
from shared.sharding.shard_group import ShardGroup

# How many followees follow the page's last person, and that person's id.
_CURSOR = CursorShape(Number(), Number())


async def suggest_people(
    group: ShardGroup, follows: Edges, viewer_id: int, *, limit: int, cursor: str | None
) -> PersonPage:
    """Most shared first; raises Invalid for a malformed cursor.

    Its cost does not depend on the graph. It needs one statement for the viewer's follows, one per
    primary for theirs, and those for relations and cards.
    """
    after: Rank | None = None if cursor is None else _CURSOR.decode(cursor)
    followed = await follows.page_of_targets(viewer_id, limit=FOLLOWED_SAMPLED_MAX, cursor=None)
    shared = await followed_by(group, followed.ids, each_max=FOLLOWS_OF_EACH_MAX)
    candidates = best_first(shared, after)
    relations = await relations_of(group, viewer_id, [user_id for _shared, user_id in candidates])
    suggested = [
        rank for rank in candidates if is_to_be_suggested(viewer_id, rank[1], relations[rank[1]])
    ]
    page = suggested[:limit]
    cards = await cards_by_ids(group, viewer_id, [user_id for _shared, user_id in page])
    more = len(suggested) > limit
    return {
        "items": list(cards.values()),
        "next_cursor": _CURSOR.encode(*page[-1]) if more else None,
    }
