"""Compares home timelines in Redis with what Postgres says they should hold."""

import random
from dataclasses import dataclass, field

from services.feed.actions.home_entries import HomeEntries
from services.feed.actions.timeline_doubts import TimelineDoubts
from services.feed.store.home_timelines import HomeTimelines
from services.feed.store.posts import bodies_by_ids
from shared.errors import Unavailable
from shared.sharding.shard_group import ShardGroup

# A primary that is away fails the reads of many readers, and each read costs a deadline.
_UNREAD_MAX = 20


@dataclass(slots=True)
class Audit:
    """What was compared and found; `lacking`, `strange` and `lost` pair reader and post.

    A strange post exists, but its reader should not have it. A lost post belongs to a shard in
    doubt. `unread` counts readers that could not be compared; `reasons` explain them and name
    probable causes.
    """

    readers: int = 0
    whole: int = 0
    unread: int = 0
    entries: int = 0
    lacking: list[tuple[int, int]] = field(default_factory=list)
    strange: list[tuple[int, int]] = field(default_factory=list)
    lost: list[tuple[int, int]] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)

    @property
    def share_complete(self) -> float:
        """The share of due entries that are present; 1 if none are due."""
        return 1 - len(self.lacking) / self.entries if self.entries else 1.0

    @property
    def is_good(self) -> bool:
        """Whether everything was compared and nothing was found."""
        return self.whole == self.readers and not self.unread and not self.reasons


async def audit_timelines(
    timelines: HomeTimelines,
    entries: HomeEntries,
    group: ShardGroup,
    doubts: TimelineDoubts,
    *,
    sample: int,
    delivered_before: int,
) -> Audit:
    """Compare `sample` random readers; skip ids from `delivered_before` on, still being delivered.

    A skeleton may hold withdrawn posts: they have no body and are never shown. Raises RedisAway,
    since there is then nothing to compare.
    """
    await doubts.check()
    readers = await timelines.readers()
    audit = Audit()
    for reader_id in random.sample(readers, min(sample, len(readers))):
        try:
            await _compare(audit, entries, group, doubts, reader_id, delivered_before)
        except Unavailable as away:
            audit.unread += 1
            if audit.unread == 1:
                audit.reasons.append(f"some timelines could not be compared: {away.detail}")
            if audit.unread >= _UNREAD_MAX:
                break
    audit.reasons = doubts.sentences() + audit.reasons + _probable_causes(audit)
    if (sentence := doubts.fewer_readers(len(readers))) is not None:
        audit.reasons.append(sentence)
    if audit.is_good:
        await doubts.note(len(readers))
    return audit


async def _compare(
    audit: Audit,
    entries: HomeEntries,
    group: ShardGroup,
    doubts: TimelineDoubts,
    reader_id: int,
    delivered_before: int,
) -> None:
    opened = await entries.find(reader_id)
    if opened is None:
        return
    found, wanted = opened.skeleton, await entries.truth(reader_id)
    floor = max(found.floor, wanted.floor)
    there, due = (
        {post_id for post_id in skeleton.ids if floor < post_id < delivered_before}
        for skeleton in (found, wanted)
    )
    lacking = sorted(due - there)
    strange = await existing(group, there - due)
    lost = doubts.lost_among(sorted(there - due - set(strange)))
    audit.readers += 1
    audit.entries += len(due)
    audit.whole += not lacking and not strange and not lost
    audit.lacking += [(reader_id, post_id) for post_id in lacking]
    audit.strange += [(reader_id, post_id) for post_id in strange]
    audit.lost += [(reader_id, post_id) for post_id in lost]


async def existing(group: ShardGroup, post_ids: set[int]) -> list[int]:
    """The posts that exist and are neither withdrawn nor hidden, in ascending order."""
    if not post_ids:
        return []
    bodies = await bodies_by_ids(group, sorted(post_ids))
    return [post_id for post_id, body in sorted(bodies.items()) if body is not None]


def _probable_causes(audit: Audit) -> list[str]:
    said = []
    if audit.lost:
        said.append(f"{len(audit.lost)} entries name posts that shards in doubt no longer hold")
    if audit.strange and len(audit.strange) > len(audit.lacking):
        said.append(
            f"{len(audit.strange)} entries are of authors whom their readers no longer follow:"
            " has users lost follows? `make reconcile` tells"
        )
    return said
