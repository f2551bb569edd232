"""Delivers a post to those who look at the app, and leaves all others for later.

Operators or automation pause the rest while deliveries pile up. A reader who comes back meanwhile
has what was delivered before the pause, and finds the post once the pause is over.
"""

from services.feed.actions.fan_out import Destinations, batches
from services.feed.clients.users import UsersClient
from services.feed.domain.celebrities import CELEBRITY_FOLLOWERS_MIN, way_of
from services.feed.store.entry_lists import PUSH_BATCH_MAX
from services.feed.store.fan_outs import FanOutJob, find_fan_out, put_off
from shared.sharding.shard_group import ShardGroup

# A pause that ends early is noticed within this time.
PUT_OFF_S_MAX = 60.0


async def fan_out_later(
    group: ShardGroup,
    to: Destinations,
    users: UsersClient,
    job: FanOutJob,
    pause_s: float,
    *,
    celebrity_followers_min: int = CELEBRITY_FOLLOWERS_MIN,
) -> bool:
    """Deliver to listeners and enqueue the rest; returns False if nothing can be put off.

    A post that is merged on read is pushed to nobody, so there is nothing to save. Raises
    Unavailable, to be run again; what came twice is dropped on read.
    """
    progress = await find_fan_out(group, job.post_id, job.author_id)
    if progress is None or progress.page != job.page or progress.way is not None:
        return False
    if not job.put_off:
        followers = await users.follower_ids(job.author_id, after=progress.after_id)
        total = followers["total"]
        count = len(followers["ids"]) if total is None else total
        if way_of(count, progress.delivery, celebrity_followers_min) != "push":
            return False
        await to.timelines.push(job.post_id, [job.author_id])
        await to.author_timelines.push(job.post_id, [job.author_id])
        for batch in batches(followers["ids"], PUSH_BATCH_MAX):
            listening = await to.stream.listening(batch)
            await to.timelines.push(job.post_id, listening)
            await to.stream.tell("home", listening, [{"post_id": str(job.post_id)}])
    await put_off(group, job, min(pause_s, PUT_OFF_S_MAX))
    return True
