"""The HTTP process of feed: `python -m services.feed.app`."""

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
        "Posts, comments, reactions and timelines. The gateway calls it; users reports changes of "
        "the follow graph. A token names the caller and the viewer. Users decides whether a viewer "
        "may see an author's posts, and the caller applies the decision."
    ),
    audience="feed",
    # Each gateway keeps one call for events open. Publishing waits for photos being processed.
    ask_of=lasting("POST /posts", stream="POST /stream/events"),
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
    """Serve until a signal ends the process."""
    settings = read_settings(FeedSettings)
    serve(feed_app(settings, partial(_opened, settings)), settings)


if __name__ == "__main__":
    main()
