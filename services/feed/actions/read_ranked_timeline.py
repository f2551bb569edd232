"""The home timeline in ranked order: its newest posts re-ordered, then the rest by time."""

from dataclasses import dataclass
from datetime import UTC, datetime

from services.feed.actions.home_entries import HomeEntries
from services.feed.actions.page_posts import PagePosts
from services.feed.actions.ranked_orders import ORDER_CURSOR, RankedOrders
from services.feed.actions.read_home_timeline import read_home_timeline
from services.feed.actions.show_posts import show_posts
from services.feed.domain.popularity import Candidate
from services.feed.domain.post_bodies import completeness
from services.feed.domain.ranking import ranked
from services.feed.domain.skeletons import ABOVE_ALL
from services.feed.store.affinities import find_affinities
from services.feed.store.post_bodies import PostBodies
from services.feed.store.post_reactions import PostReactions
from shared.contracts.posts import HomePage
from shared.cursors import ID_CURSOR
from shared.ids import created_at
from shared.sharding.shard_group import ShardGroup

# At most this many of the newest posts are re-ordered.
WINDOW_POSTS = 200


@dataclass(frozen=True, slots=True)
class RankedTimelines:
    """The collaborators that build a ranked page."""

    group: ShardGroup
    entries: HomeEntries
    posts: PagePosts
    bodies: PostBodies
    reactions: PostReactions
    ranked_orders: RankedOrders

    async def read(self, viewer_id: int, limit: int, cursor: str | None) -> HomePage:
        """A page; raises Invalid for a malformed cursor, and Unavailable.

        The viewer's order stands for 20 seconds, and longer for a viewer who keeps paging. Below
        the order, pages follow in order of time.
        """
        # A cursor of another shape belongs to the part below the order, which is sorted by time.
        position = ("", 0) if cursor is None else ORDER_CURSOR.find(cursor)
        if position is None:
            return await read_home_timeline(self.entries, self.posts, viewer_id, limit, cursor)
        name, start = position
        of = f"home:{viewer_id}"
        order = await self.ranked_orders.find(of, name or None, lambda: self._rank(viewer_id))
        end = start + limit
        ids = await self._still_there(viewer_id, order.post_ids[start:end])
        hydrated = await self.bodies.find_many(ids)
        if hydrated.away is not None and not hydrated.bodies:
            raise hydrated.away
        existing = [hydrated.bodies[post_id] for post_id in ids if post_id in hydrated.bodies]
        return {
            "items": await show_posts(self.reactions, existing, viewer_id),
            "next_cursor": _next_cursor(order.name, order.post_ids, end),
            "completeness": completeness(complete=hydrated.away is None),
        }

    async def _still_there(self, viewer_id: int, post_ids: list[int]) -> list[int]:
        """Drop the posts of authors whom the viewer unfollowed after the order was made."""
        timeline = await self.entries.open(viewer_id, is_first_page=False)
        existing = set(timeline.skeleton.ids)
        floor = timeline.skeleton.floor
        return [post_id for post_id in post_ids if post_id <= floor or post_id in existing]

    async def _rank(self, viewer_id: int) -> list[int]:
        timeline = await self.entries.open(viewer_id, is_first_page=True)
        newest = await self.entries.entries_below(timeline, ABOVE_ALL, WINDOW_POSTS)
        hydrated = await self.bodies.find_many(newest.ids)
        if hydrated.away is not None and not hydrated.bodies:
            raise hydrated.away
        seen = await self.reactions.find(list(hydrated.bodies), viewer_id)
        now = datetime.now(UTC)
        candidates = [
            Candidate(
                post_id,
                body["author_id"],
                seen.like_counts.get(post_id, 0),
                seen.comment_counts.get(post_id, 0),
                (now - created_at(post_id)).total_seconds() / 3600,
            )
            for post_id, body in hydrated.bodies.items()
        ]
        return ranked(candidates, await find_affinities(self.group, viewer_id))


def _next_cursor(name: str, post_ids: list[int], end: int) -> str | None:
    if end < len(post_ids):
        return ORDER_CURSOR.encode(name, end)
    # Below the oldest of the window, pages follow in order of time; there may be none left.
    return ID_CURSOR.encode(min(post_ids)) if len(post_ids) >= WINDOW_POSTS else None
