"""The process that answers for upload: `python -m services.upload.app`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from fastapi import FastAPI

from services.upload.api import (
    accounts,
    archives,
    filters,
    photos,
    publications,
    renditions,
    uploads,
)
from services.upload.resources import Resources, open_resources
from services.upload.settings import UploadSettings
from shared.http_server.admission import lasting
from shared.http_server.request_context import Deadlines
from shared.http_server.server import serve
from shared.http_server.service_app import AppInfo, OpenResources, create_app
from shared.settings import read_settings
from shared.sharding.prepared_reads import prepare_reads
from shared.sharding.schema_age import schema_shortfall

# 20 MB over a slow line; nginx gathers bodies first, so that only the inner stretch counts.
_RECEIVE_MS_MAX = 60_000


async def _schema_below(resources: Resources) -> str:
    return await schema_shortfall(resources.group, Path(__file__).parent / "migrations")


INFO = AppInfo(
    name="upload",
    title="upload.internal",
    description=(
        "Photos before and behind posts: received, decoded in a contained process, kept as "
        "renditions without metadata. Called by the gateway and by feed, with a token that says "
        "who calls and for which viewer, and by nginx for archives, and for renditions that it has "
        "not cached."
    ),
    audience="upload",
    open_prefixes=("/renditions/", "/archives/", "/filters/"),
    # Bodies come and archives go as slowly as their clients, and a claim waits for the worker.
    ask_of=lasting("POST /photos", "POST /photos/claim", "POST /archives", "GET /archives/*"),
    deadlines=Deadlines(
        by_route={"POST /photos": _RECEIVE_MS_MAX, "POST /archives": _RECEIVE_MS_MAX}
    ),
    find_obstacle=_schema_below,
)
# "/photos/claim" and its like stand before "/photos/{photo_id}".
ROUTERS = (
    publications.router,
    photos.router,
    renditions.router,
    accounts.router,
    archives.router,
    uploads.router,
    filters.router,
)


def upload_app(settings: UploadSettings, opened: OpenResources) -> FastAPI:
    """The internal API over the given resources."""
    return create_app(INFO, settings, opened, ROUTERS)


@asynccontextmanager
async def _opened(settings: UploadSettings) -> AsyncIterator[Resources]:
    async with open_resources(settings) as resources:
        await prepare_reads(
            resources.group,
            Path(__file__).parent,
            of_one=("photos.find_photo",),
        )
        # A second of work, which on a busy machine is longer than the first to ask would wait.
        resources.samples.begin()
        yield resources


def main() -> None:
    """Serve until told to stop."""
    settings = read_settings(UploadSettings)
    serve(upload_app(settings, partial(_opened, settings)), settings)


if __name__ == "__main__":
    main()
