"""Popular posts of the last days, by any author."""

from datetime import UTC, datetime

from services.feed.actions.ranked_orders import ORDER_CURSOR, RankedOrders
from services.feed.actions.show_posts import existing_posts, show_posts
from services.feed.domain.popularity import most_popular
from services.feed.store.kept_orders import ORDER_IDS_MAX
from services.feed.store.popular_posts import popular_candidates
from services.feed.store.post_bodies import PostBodies
from services.feed.store.post_reactions import PostReactions
from shared.contracts.posts import PostPage
from shared.sharding.shard_group import ShardGroup

POSTS_MAX = ORDER_IDS_MAX
_LIST = "explore"


class Explore:
    """The order of popular posts, which all viewers share."""

    def __init__(self, group: ShardGroup, ranked_orders: RankedOrders) -> None:
        self._group = group
        self._orders = ranked_orders

    async def ids(self, name: str | None) -> tuple[str, list[int]]:
        """The name of an order and its ids; raises Unavailable."""
        order = await self._orders.find(_LIST, name, self._rank)
        return order.name, order.post_ids

    async def _rank(self) -> list[int]:
        return most_popular(await popular_candidates(self._group, datetime.now(UTC)), POSTS_MAX)


async def read_explore(
    explore: Explore,
    bodies: PostBodies,
    reactions: PostReactions,
    viewer_id: int,
    page: tuple[int, str | None],
) -> PostPage:
    """A page (limit and cursor), the most popular first; withdrawn posts leave gaps.

    Raises Invalid for a malformed cursor, and Unavailable.
    """
    limit, cursor = page
    asked, start = ("", 0) if cursor is None else ORDER_CURSOR.decode(cursor)
    name, ids = await explore.ids(asked or None)
    end = start + limit
    existing = await existing_posts(bodies, ids[start:end])
    return {
        "items": await show_posts(reactions, existing, viewer_id),
        "next_cursor": ORDER_CURSOR.encode(name, end) if end < len(ids) else None,
    }
