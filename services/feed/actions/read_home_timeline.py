"""The home timeline in four steps: skeleton, hydration, rules, presentation."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from prometheus_client import Counter

from services.feed.actions.home_entries import HomeEntries, OpenTimeline
from services.feed.actions.page_posts import FoundPosts, PagePosts
from services.feed.domain.post_bodies import NO_REACTIONS, completeness, shown
from services.feed.domain.skeletons import page_start
from shared.contracts.posts import HomePage, Post
from shared.cursors import ID_CURSOR, decode_id_cursor

# A page with withdrawn posts is refilled this often. It then stays short; its cursor goes on.
ROUNDS_MAX = 4

DEGRADED = Counter("retrato_feed_home_degraded_total", "Home pages that lack a part.", ["part"])


@dataclass(slots=True)
class _Page:
    limit: int
    before: int
    complete: bool
    items: list[Post] = field(default_factory=list)
    has_more: bool = True

    @property
    def missing(self) -> int:
        return self.limit - len(self.items)


async def read_home_timeline(
    entries: HomeEntries, posts: PagePosts, viewer_id: int, limit: int, cursor: str | None
) -> HomePage:
    """A page of the followees' posts and the viewer's own, newest first.

    Raises Invalid for a malformed cursor, and Unavailable if no post can be shown.
    """
    before = page_start(decode_id_cursor(cursor))
    timeline = await entries.open(viewer_id, is_first_page=cursor is None)
    page = _Page(limit, before, timeline.complete)
    for _round in range(ROUNDS_MAX):
        await _add_round(page, timeline, entries, posts)
        if not page.has_more or not page.missing:
            break
    return {
        "items": page.items,
        "next_cursor": ID_CURSOR.encode(page.before) if page.has_more else None,
        "completeness": completeness(complete=page.complete),
    }


async def read_home_above(
    entries: HomeEntries, posts: PagePosts, viewer_id: int, limit: int, since: int
) -> HomePage:
    """The page directly above the post `since`, newest first; its cursor leads upwards.

    If `since` lies below the skeleton's floor, it returns the newest page instead, whose cursor
    leads down. The skeleton holds the newest 800 entries.
    """
    timeline = await entries.open(viewer_id, is_first_page=False)
    if since < timeline.skeleton.floor:
        return await read_home_timeline(entries, posts, viewer_id, limit, None)
    page = _Page(limit, since, timeline.complete)
    for _round in range(ROUNDS_MAX):
        ids = timeline.skeleton.above(page.before, page.missing + 1)
        page.has_more = len(ids) > page.missing
        ids = ids[-page.missing :]
        if not ids:
            break
        below = page.items
        page.items = []
        _add_posts(page, ids, await posts.find(ids, viewer_id))
        page.items += below
        page.before = ids[0]
        if not page.has_more or not page.missing:
            break
    return {
        "items": page.items,
        "next_cursor": ID_CURSOR.encode(page.before) if page.has_more else None,
        "completeness": completeness(complete=page.complete),
    }


async def _add_round(
    page: _Page, timeline: OpenTimeline, entries: HomeEntries, posts: PagePosts
) -> None:
    # One entry beyond the page shows whether there is a next page.
    found = await entries.entries_below(timeline, page.before, page.missing + 1)
    ids = found.ids[: page.missing]
    page.complete = page.complete and found.complete
    page.has_more = len(found.ids) > len(ids)
    if ids:
        _add_posts(page, ids, await posts.find(ids, timeline.viewer_id))
        page.before = ids[-1]


def _add_posts(page: _Page, ids: Sequence[int], posts: FoundPosts) -> None:
    if posts.away is not None:
        if not page.items and not posts.bodies:
            raise posts.away
        # The viewer misses posts of authors whose primary is away; `completeness` says so.
        DEGRADED.labels("bodies").inc()
        page.complete = False
    if posts.reactions is None:
        # Posts show as not liked and without counts; `completeness` says so, too.
        DEGRADED.labels("marks").inc()
        page.complete = False
    reactions = posts.reactions or NO_REACTIONS
    # A withdrawn post has no body, which removes it from every timeline.
    page.items += [shown(posts.bodies[id_], reactions) for id_ in ids if id_ in posts.bodies]
