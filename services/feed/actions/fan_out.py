"""Delivers a post to its author's followers, one page of followers per job."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from prometheus_client import Counter, Histogram

from services.feed.clients.users import UsersClient
from services.feed.domain.celebrities import CELEBRITY_FOLLOWERS_MIN, Way, way_of
from services.feed.store.author_timelines import AuthorTimelines
from services.feed.store.entry_lists import PUSH_BATCH_MAX
from services.feed.store.fan_outs import (
    FanOutJob,
    advance_fan_out,
    choose_way,
    end_fan_out,
    find_fan_out,
    turn_page,
)
from services.feed.store.home_timelines import HomeTimelines
from services.feed.store.stream_events import StreamEvents
from shared.contracts.people import IdPage
from shared.errors import Unavailable
from shared.ids import created_ms
from shared.sharding.shard_group import ShardGroup

LAG_SECONDS = Histogram(
    "retrato_feed_fan_out_lag_seconds",
    "Seconds from a post's creation to its last delivery.",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 120, 600),
)
DELIVERIES = Counter("retrato_feed_deliveries_total", "Entries pushed to home timelines.")
FOLLOWERS = Counter("retrato_feed_followers_total", "Followers visited, with or without timeline.")


@dataclass(frozen=True, slots=True)
class Destinations:
    """Where a post goes: readers' timelines, its author's own timeline, connected viewers."""

    timelines: HomeTimelines
    author_timelines: AuthorTimelines
    stream: StreamEvents


async def fan_out(
    group: ShardGroup,
    to: Destinations,
    users: UsersClient,
    job: FanOutJob,
    *,
    celebrity_followers_min: int = CELEBRITY_FOLLOWERS_MIN,
    batch_max: int = PUSH_BATCH_MAX,
) -> None:
    """Deliver to one page of followers, and leave the next page to another job.

    A killed job resumes after the last batch noted; readers drop what came twice. A celebrity's
    post is pushed to no follower: they merge it when they read. Raises Unavailable, to be run
    again.
    """
    progress = await find_fan_out(group, job.post_id, job.author_id)
    if progress is None or progress.page != job.page:
        # The post was withdrawn, or a run finished this page and was killed before its job ended.
        return
    is_first = progress.after_id == 0
    if is_first:
        DELIVERIES.inc(await to.timelines.push(job.post_id, [job.author_id]))
        await to.author_timelines.push(job.post_id, [job.author_id])
    followers = await users.follower_ids(job.author_id, after=progress.after_id)
    way = progress.way or "push"
    if is_first and progress.way is None:
        way = way_of(_count(followers), progress.delivery, celebrity_followers_min)
        if way != "push":
            await choose_way(group, job, way)
    if way != "merge":
        await _deliver(group, to, job, followers["ids"], way, batch_max)
        if followers["next_after"] is not None:
            await turn_page(group, job, followers["next_after"])
            return
    else:
        await _tell_those_who_merge(to, job)
    await end_fan_out(group, job, way)
    LAG_SECONDS.observe(max(0.0, time.time() - created_ms(job.post_id) / 1000))


def _count(first_page: IdPage) -> int:
    # Users gives a total only if this page does not hold all followers.
    total = first_page["total"]
    return len(first_page["ids"]) if total is None else total


async def _deliver(
    group: ShardGroup,
    to: Destinations,
    job: FanOutJob,
    follower_ids: Sequence[int],
    way: Way,
    batch_max: int,
) -> None:
    for batch in batches(follower_ids, batch_max):
        DELIVERIES.inc(await to.timelines.push(job.post_id, batch))
        if way == "rise":
            await to.timelines.mark_celebrity(job.author_id, batch)
        await _tell(to.stream, batch, job.post_id)
        FOLLOWERS.inc(len(batch))
        if batch[-1] != follower_ids[-1]:
            await advance_fan_out(group, job.post_id, batch[-1])


async def _tell(stream: StreamEvents, follower_ids: Sequence[int], post_id: int) -> None:
    try:
        await stream.tell("home", follower_ids, [{"post_id": str(post_id)}])
    except Unavailable:
        # Connected viewers see the post at their next refresh, or hear of the following one.
        return


async def _tell_those_who_merge(to: Destinations, job: FanOutJob) -> None:
    # A celebrity may have millions of followers, so only connected viewers are checked.
    try:
        async for listening in to.stream.listeners():
            for batch in batches(listening, PUSH_BATCH_MAX):
                merging = await to.timelines.who_merges(job.author_id, batch)
                await _tell(to.stream, merging, job.post_id)
    except Unavailable:
        return


def batches(ids: Sequence[int], batch_max: int) -> Iterator[Sequence[int]]:
    """Yield the ids in their order, `batch_max` at a time."""
    for start in range(0, len(ids), batch_max):
        yield ids[start : start + batch_max]
