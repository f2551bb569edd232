"""The process that answers for feed: `python -m services.feed.app`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from fastapi import FastAPI

from services.feed.api import (
    accounts,
    activity,
    comments,
    events,
    posts,
    reactions,
    reports,
    stream,
    tags,
    timelines,
)
from services.feed.resources import Resources, open_resources
from services.feed.settings import FeedSettings
from shared.http_server.admission import lasting
from shared.http_server.server import serve
from shared.http_server.service_app import AppInfo, OpenResources, create_app
from shared.settings import read_settings
from shared.sharding.prepared_reads import prepare_reads
from shared.sharding.schema_age import schema_shortfall


async def _schema_below(resources: Resources) -> str:
    return await schema_shortfall(resources.group, Path(__file__).parent / "migrations")


INFO = AppInfo(
    name="feed",
    title="feed.internal",
    description=(
        "Posts, what people do with them, and timelines. Called by the gateway, and by users with "
        "news of the follow graph, with a token that says who calls and for which viewer. Whether "
        "a viewer may see what an author publishes is decided by users and applied by the caller."
    ),
    audience="feed",
    # Each gateway always waits for events. Publishing waits for photos that are being made.
    ask_of=lasting("POST /stream/events", "POST /posts"),
    find_obstacle=_schema_below,
)
ROUTERS = (
    posts.router,
    timelines.home_router,
    timelines.router,
    tags.router,
    reactions.router,
    comments.router,
    activity.router,
    reports.router,
    stream.router,
    events.router,
    accounts.router,
)


def feed_app(settings: FeedSettings, opened: OpenResources) -> FastAPI:
    """The internal API over the given resources."""
    return create_app(INFO, settings, opened, ROUTERS)


@asynccontextmanager
async def _opened(settings: FeedSettings) -> AsyncIterator[Resources]:
    async with open_resources(settings) as resources:
        await prepare_reads(
            resources.group,
            Path(__file__).parent,
            of_one=("posts.post_counts", "activities.newest_activities", "activities.seen_version"),
            across=("posts.posts_by_ids",),
        )
        yield resources


def main() -> None:
    """Serve until told to stop."""
    settings = read_settings(FeedSettings)
    serve(feed_app(settings, partial(_opened, settings)), settings)


if __name__ == "__main__":
    main()
