"""Holds home timelines in Redis against what Postgres says they should be, and makes them anew."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from services.feed.actions.home_entries import HomeEntries
from services.feed.store.home_timelines import HomeTimelines
from services.feed.store.posts import Posts


@dataclass(slots=True)
class Audit:
    """What was compared, and what was found; `lacking` are pairs of reader and post."""

    readers: int = 0
    whole: int = 0
    entries: int = 0
    lacking: list[tuple[int, int]] = field(default_factory=list)
    strange: list[tuple[int, int]] = field(default_factory=list)

    @property
    def share_complete(self) -> float:
        """Of the entries that should be there; 1 where there are none."""
        return 1 - len(self.lacking) / self.entries if self.entries else 1.0


async def audit_timelines(
    timelines: HomeTimelines,
    entries: HomeEntries,
    posts: Posts,
    sample: int,
    settled_before: int,
) -> Audit:
    """Look at `sample` readers by chance; ids from `settled_before` on may still be on their way.

    Withdrawn posts may stand in a skeleton, since they have no body and are never shown. Raises
    Unavailable: what cannot be asked cannot be compared.
    """
    readers = await timelines.readers()
    audit = Audit()
    for reader_id in random.sample(readers, min(sample, len(readers))):
        opened = await entries.find(reader_id)
        if opened is None:
            continue
        found, wanted = opened.skeleton, await entries.truth(reader_id)
        floor = max(found.floor, wanted.floor)
        there, due = (
            {post_id for post_id in skeleton.ids if floor < post_id < settled_before}
            for skeleton in (found, wanted)
        )
        lacking = [(reader_id, post_id) for post_id in sorted(due - there)]
        strange = await _standing(posts, there - due)
        audit.readers += 1
        audit.entries += len(due)
        audit.whole += not lacking and not strange
        audit.lacking += lacking
        audit.strange += [(reader_id, post_id) for post_id in strange]
    return audit


async def rebuild_timelines(
    timelines: HomeTimelines,
    entries: HomeEntries,
    reader_ids: Sequence[int] | None,
    tell: Callable[[int, int], None],
) -> int:
    """Make the timelines of these readers anew, or of all who have one; how many.

    `tell` hears how many of how many are done. Whoever reads meanwhile is served from Postgres.
    """
    readers = await timelines.readers() if reader_ids is None else list(reader_ids)
    for done, reader_id in enumerate(readers, 1):
        await timelines.drop(reader_id)
        await entries.open(reader_id, is_first_page=False)
        tell(done, len(readers))
    return len(readers)


async def _standing(posts: Posts, post_ids: set[int]) -> list[int]:
    if not post_ids:
        return []
    bodies = await posts.bodies_by_ids(sorted(post_ids))
    return [post_id for post_id, body in sorted(bodies.items()) if body is not None]
