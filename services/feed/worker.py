"""The worker of feed, with its jobs and outbox relay: `python -m services.feed.worker`."""

import asyncio
from dataclasses import replace
from functools import partial
from typing import Any, cast

from services.feed.actions.apply_graph_events import confirm_graph_event
from services.feed.actions.clear_post import CLEAR_JOB, clear_post
from services.feed.actions.confirm_photos import (
    CONFIRM_TOPIC,
    DESCRIBED_TOPIC,
    RELEASE_TOPIC,
    confirm_photos,
    describe_photos,
    release_photos,
)
from services.feed.actions.edit_post import EDITED_TOPIC, renew_bodies
from services.feed.actions.fan_out import fan_out
from services.feed.actions.fan_out_later import fan_out_later
from services.feed.actions.relink_texts import TextRelinker
from services.feed.actions.tag_posts import NAMED_TOPIC, keep_tag_names
from services.feed.actions.tell_of_deeds import (
    MENTIONS_TOPIC,
    deliver_deeds,
    deliver_mentions,
)
from services.feed.actions.withdraw_post import WITHDRAWN_TOPIC, forget_bodies
from services.feed.app import INFO
from services.feed.resources import Resources, open_resources
from services.feed.settings import FeedSettings
from services.feed.store.activities import ACTIVITY_TOPIC
from services.feed.store.fan_outs import FAN_OUT, FAN_OUT_MORE, FanOutJob
from services.feed.store.graph_versions import CONFIRM_EVENT, OLD_VERSIONS
from services.feed.store.reports import HIDING_TOPIC
from shared.contracts.people import GraphEvent
from shared.http_server.worker_app import serve_worker
from shared.jobs.edge_reconciler import EdgeReconciler
from shared.jobs.expired_rows import ExpiredRows
from shared.jobs.job_worker import JobWorker, Lane
from shared.jobs.outbox_relay import OutboxRelay
from shared.live_values import LiveFile, remaining_s
from shared.settings import read_settings

# Authors with at most one page of followers have a lane of their own. All lanes share one Redis, so
# more slots would only slow each delivery.
LANES = (
    Lane((FAN_OUT,), 8),
    Lane((FAN_OUT_MORE,), 2),
    Lane((CONFIRM_EVENT,), 4),
    Lane((CLEAR_JOB,), 2),
)


async def run(resources: Resources, stop: asyncio.Event, *, live: LiveFile | None = None) -> None:
    """Run the worker's loops until `stop` is set; mirrored edges need no handler of feed.

    With `live`, a pause of fan-out to readers who are away counts within a second.
    """
    deliver = partial(deliver_post, resources, live or LiveFile(None))

    async def confirm(payload: dict[str, Any]) -> None:
        event = cast(GraphEvent, payload)
        await confirm_graph_event(resources.group, resources.timelines, event)

    async def clear(payload: dict[str, Any]) -> None:
        await clear_post(resources.edges(), resources.comments, resources.group, payload["post_id"])

    jobs = JobWorker(
        resources.group,
        {FAN_OUT: deliver, FAN_OUT_MORE: deliver, CONFIRM_EVENT: confirm, CLEAR_JOB: clear},
        LANES,
    )
    relay = OutboxRelay(
        resources.group,
        {
            CONFIRM_TOPIC: partial(confirm_photos, resources.upload),
            RELEASE_TOPIC: partial(release_photos, resources.upload),
            DESCRIBED_TOPIC: partial(describe_photos, resources.group, resources.upload),
            WITHDRAWN_TOPIC: partial(forget_bodies, resources.bodies),
            NAMED_TOPIC: partial(keep_tag_names, resources.group),
            EDITED_TOPIC: partial(renew_bodies, resources.bodies),
            HIDING_TOPIC: partial(renew_bodies, resources.bodies),
            ACTIVITY_TOPIC: partial(deliver_deeds, resources.group, resources.stream),
            MENTIONS_TOPIC: partial(
                deliver_mentions, resources.group, resources.stream, resources.users
            ),
        },
    )
    async with asyncio.TaskGroup() as loops:
        loops.create_task(jobs.run(stop))
        loops.create_task(relay.run(stop))
        loops.create_task(EdgeReconciler(resources.group).run(stop))
        loops.create_task(ExpiredRows(resources.group, (OLD_VERSIONS,)).run(stop))
        loops.create_task(TextRelinker(resources.group, resources.users).run(stop))


async def deliver_post(resources: Resources, live: LiveFile, payload: dict[str, Any]) -> None:
    """Run a job of fan-out, now or later for those who do not look at the app."""
    job = FanOutJob(**payload)
    group, to, users = resources.group, resources.destinations(), resources.users
    least = resources.celebrity_followers_min
    live.look()
    pause_s = remaining_s(live.values.fan_out_paused_until)
    if pause_s and await fan_out_later(
        group, to, users, job, pause_s, celebrity_followers_min=least
    ):
        return
    await fan_out(group, to, users, job, celebrity_followers_min=least)


def main() -> None:
    """Work until a signal ends the process."""
    settings = read_settings(FeedSettings)
    live = LiveFile(settings.live_file)
    info = replace(INFO, title="feed's worker")
    serve_worker(info, settings, partial(open_resources, settings), partial(run, live=live))


if __name__ == "__main__":
    main()
