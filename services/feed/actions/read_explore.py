"""Popular posts of the last days, by whomever."""

from datetime import UTC, datetime

from services.feed.actions.show_posts import show_posts
from services.feed.domain.popularity import most_popular
from services.feed.store.explore_snapshots import ExploreSnapshot, ExploreSnapshots
from services.feed.store.popular_posts import PopularPosts
from services.feed.store.post_bodies import PostBodies
from services.feed.store.post_marks import PostMarks
from services.feed.store.single_flight import SingleFlight
from shared.contracts.posts import PostPage
from shared.errors import Unavailable
from shared.web.cursors import decode_cursor, encode_cursor

POSTS_MAX = 500


class Explore:
    """The order of popular posts: one for all replicas, made anew when it is twenty seconds old."""

    def __init__(self, popular: PopularPosts, snapshots: ExploreSnapshots) -> None:
        self._popular = popular
        self._snapshots = snapshots
        self._making: SingleFlight[str, ExploreSnapshot] = SingleFlight()

    async def order(self, name: str | None) -> ExploreSnapshot:
        """The order of that name if it is still kept, else the present one.

        Raises Unavailable while it can neither be read nor made.
        """
        try:
            found = await self._snapshots.find(name) or await self._snapshots.find(None)
        except Unavailable:
            found = None
        return found or await self._making.share("order", self._make)

    async def _make(self) -> ExploreSnapshot:
        candidates = await self._popular.candidates(datetime.now(UTC))
        post_ids = most_popular(candidates, POSTS_MAX)
        try:
            return await self._snapshots.keep(post_ids)
        except Unavailable:
            # Shown all the same; its next page is that of a later order.
            return ExploreSnapshot("", post_ids)


async def read_explore(
    explore: Explore,
    bodies: PostBodies,
    marks: PostMarks,
    viewer_id: int,
    page: tuple[int, str | None],
) -> PostPage:
    """A page (limit and cursor), the most popular first; withdrawn posts leave gaps.

    Raises Invalid for a cursor that is none, and Unavailable.
    """
    limit, cursor = page
    name, start = (None, 0) if cursor is None else _position(cursor)
    order = await explore.order(name)
    ids = order.post_ids[start : start + limit]
    hydrated = await bodies.find_many(ids)
    if hydrated.away is not None:
        raise hydrated.away
    standing = [hydrated.bodies[post_id] for post_id in ids if post_id in hydrated.bodies]
    end = start + limit
    more = end < len(order.post_ids)
    return {
        "items": await show_posts(marks, standing, viewer_id),
        "next_cursor": encode_cursor(order.name, end) if more else None,
    }


def _position(cursor: str) -> tuple[str | None, int]:
    name, start = decode_cursor(cursor, str, int)
    return str(name) or None, max(0, int(start))
