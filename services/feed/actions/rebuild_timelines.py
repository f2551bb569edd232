"""Rebuilds home timelines from Postgres, unless that would remove entries of lost posts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from services.feed.actions.audit_timelines import existing
from services.feed.actions.home_entries import HomeEntries
from services.feed.actions.timeline_doubts import TimelineDoubts
from services.feed.store.home_timelines import HomeTimelines
from shared.errors import Unavailable
from shared.sharding.removal_rules import RemovalRules
from shared.sharding.shard_group import ShardGroup

# A primary that is away fails the reads of many readers, and each read costs a deadline.
_UNREAD_MAX = 20

# A reader who unfollows one author loses a few dozen entries.
REBUILD_RULES = RemovalRules(at_least=100)


@dataclass(slots=True)
class Rebuilt:
    """How many timelines were rebuilt, kept as they are, or could not be read.

    `seen` counts the entries before; `taken` counts those removed although their posts exist.
    """

    made: int = 0
    kept: int = 0
    unread: int = 0
    seen: int = 0
    taken: int = 0
    reasons: list[str] = field(default_factory=list)


async def rebuild_timelines(
    timelines: HomeTimelines,
    entries: HomeEntries,
    group: ShardGroup,
    doubts: TimelineDoubts,
    *,
    reader_ids: Sequence[int] | None,
    tell: Callable[[int, int], None],
) -> Rebuilt:
    """Rebuild the timelines of these readers, or of all that have one.

    Each is read from Postgres before it is dropped. `tell` receives how many are done, of how many.
    Postgres serves readers meanwhile. Raises RedisAway.
    """
    await doubts.check()
    readers = await timelines.readers() if reader_ids is None else list(reader_ids)
    done = Rebuilt()
    for number, reader_id in enumerate(readers, 1):
        try:
            may_drop = await _may_drop(entries, group, doubts, reader_id, done)
        except Unavailable as away:
            done.unread += 1
            if done.unread == 1:
                done.reasons.append(f"some timelines could not be read: {away.detail}")
            if done.unread >= _UNREAD_MAX:
                break
            continue
        if not doubts.rules.allow(done.taken, done.seen):
            done.reasons.append(_excess(done, doubts.rules))
            break
        if may_drop:
            await timelines.drop(reader_id)
            await entries.open(reader_id, is_first_page=False)
            done.made += 1
        else:
            done.kept += 1
        tell(number, len(readers))
    done.reasons = doubts.sentences() + done.reasons
    return done


async def _may_drop(
    entries: HomeEntries, group: ShardGroup, doubts: TimelineDoubts, reader_id: int, done: Rebuilt
) -> bool:
    """Whether no lost post explains an entry that would go; adds to the counts of `done`."""
    wanted = await entries.truth(reader_id)
    opened = await entries.find(reader_id)
    if opened is None:
        return True
    floor = max(opened.skeleton.floor, wanted.floor)
    there = {post_id for post_id in opened.skeleton.ids if post_id > floor}
    going = there - set(wanted.ids)
    stand = await existing(group, going)
    done.seen += len(there)
    done.taken += len(stand)
    return not doubts.lost_among(sorted(going - set(stand)))


def _excess(done: Rebuilt, rules: RemovalRules) -> str:
    return (
        f"{done.taken} of {done.seen} entries would go although their posts stand, and"
        f" {rules.most_of(done.seen)} at most are expected: has users lost follows? `make"
        " reconcile` tells; GO=1 goes on if you know the cause"
    )
