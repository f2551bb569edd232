"""The home timeline: skeleton, hydration, rules, presentation."""

from dataclasses import dataclass, field

from prometheus_client import Counter

from services.feed.actions.home_entries import HomeEntries, OpenTimeline
from services.feed.domain.post_bodies import UNMARKED, PostBody, completeness, shown
from services.feed.domain.skeletons import page_start
from services.feed.store.post_bodies import PostBodies
from services.feed.store.post_marks import PostMarks
from shared.contracts.posts import HomePage
from shared.errors import Unavailable
from shared.web.cursors import decode_id_cursor, encode_cursor

# A page is filled up this often where posts have gone; then it stays short, and its cursor goes on.
ROUNDS_MAX = 4

DEGRADED = Counter("retrato_feed_home_degraded_total", "Home pages that lack a part.", ["part"])


@dataclass(slots=True)
class _Page:
    limit: int
    before: int
    complete: bool
    bodies: list[PostBody] = field(default_factory=list)
    has_more: bool = True

    @property
    def missing(self) -> int:
        return self.limit - len(self.bodies)


async def read_home_timeline(
    entries: HomeEntries,
    bodies: PostBodies,
    marks: PostMarks,
    viewer_id: int,
    limit: int,
    cursor: str | None,
) -> HomePage:
    """A page of what the viewer follows, and own posts, newest first.

    Raises Invalid for a cursor that is none, and Unavailable if nothing at all can be shown.
    """
    before = page_start(decode_id_cursor(cursor))
    timeline = await entries.open(viewer_id, is_first_page=cursor is None)
    page = _Page(limit, before, timeline.complete)
    for _round in range(ROUNDS_MAX):
        await _add_round(page, timeline, entries, bodies)
        if not page.has_more or not page.missing:
            break
    return await _present(page, marks, viewer_id)


async def _add_round(
    page: _Page, timeline: OpenTimeline, entries: HomeEntries, bodies: PostBodies
) -> None:
    # One more than is missing tells whether there is a next page.
    found = await entries.below(timeline, page.before, page.missing + 1)
    ids = found.ids[: page.missing]
    hydrated = await bodies.find_many(ids)
    page.complete = page.complete and found.complete
    if hydrated.away is not None:
        _check_something_is_left(page, hydrated.bodies, hydrated.away)
        # The viewer misses the posts of authors whose primary is away, and is told so.
        DEGRADED.labels("bodies").inc()
        page.complete = False
    page.has_more = len(found.ids) > len(ids)
    # Withdrawn posts have no body: they leave every timeline by that.
    page.bodies += [hydrated.bodies[post_id] for post_id in ids if post_id in hydrated.bodies]
    if ids:
        page.before = ids[-1]


def _check_something_is_left(page: _Page, found: object, away: Unavailable) -> None:
    if not page.bodies and not found:
        raise away


async def _present(page: _Page, marks: PostMarks, viewer_id: int) -> HomePage:
    try:
        seen = await marks.of([body["id"] for body in page.bodies], viewer_id)
    except Unavailable:
        # The viewer sees the posts as not liked and without counts, and is told that it is partial.
        DEGRADED.labels("marks").inc()
        seen = UNMARKED
        page.complete = False
    return {
        "items": [shown(body, seen) for body in page.bodies],
        "next_cursor": encode_cursor(page.before) if page.has_more else None,
        "completeness": completeness(complete=page.complete),
    }
