"""Delivers a post to the home timelines of its author's followers, one page of them a job."""

import time
from collections.abc import Iterator, Sequence

from prometheus_client import Counter, Histogram

from services.feed.clients.users import UsersClient
from services.feed.store.fan_outs import FanOutJob, FanOuts
from services.feed.store.home_timelines import PUSH_BATCH_MAX, HomeTimelines
from services.feed.store.stream_events import StreamEvents
from shared.errors import Unavailable
from shared.ids import created_ms

LAG_SECONDS = Histogram(
    "retrato_feed_fan_out_lag_seconds",
    "From a post's creation to its last delivery.",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 120, 600),
)
DELIVERIES = Counter("retrato_feed_deliveries_total", "Posts put into home timelines.")
FOLLOWERS = Counter("retrato_feed_followers_total", "Followers looked at, with a timeline or not.")


async def fan_out(
    fan_outs: FanOuts,
    timelines: HomeTimelines,
    stream: StreamEvents,
    users: UsersClient,
    job: FanOutJob,
    *,
    batch_max: int = PUSH_BATCH_MAX,
) -> None:
    """Deliver to one page of followers, and leave the next one to another job.

    Killed anywhere, it goes on after the last batch that was noted; what is delivered twice is
    dropped on read. Raises Unavailable, to be run again.
    """
    progress = await fan_outs.find(job.post_id)
    if progress is None or progress.page != job.page:
        # This page has been done, by a run whose end was not noted, or the post is withdrawn.
        return
    if progress.after_id == 0:
        DELIVERIES.inc(await timelines.push(job.post_id, [job.author_id]))
    followers = await users.follower_ids(job.author_id, after=progress.after_id)
    last_id = followers["ids"][-1] if followers["ids"] else progress.after_id
    for batch in _batches(followers["ids"], batch_max):
        DELIVERIES.inc(await timelines.push(job.post_id, batch))
        await _tell(stream, batch)
        FOLLOWERS.inc(len(batch))
        if batch[-1] != last_id:
            await fan_outs.advance(job.post_id, batch[-1])
    if followers["next_after"] is not None:
        await fan_outs.turn_page(job, followers["next_after"])
        return
    await fan_outs.end(job.post_id)
    LAG_SECONDS.observe(max(0.0, time.time() - created_ms(job.post_id) / 1000))


async def _tell(stream: StreamEvents, follower_ids: Sequence[int]) -> None:
    try:
        await stream.tell("home", follower_ids)
    except Unavailable:
        # Those who are connected see the post when they next look, or hear of the one after it.
        return


def _batches(ids: Sequence[int], batch_max: int) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), batch_max):
        yield ids[start : start + batch_max]
