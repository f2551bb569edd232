"""The HTTP process of upload: `python -m services.upload.app`."""

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

# For 20 MB on the internal stretch; nginx buffers bodies from slow lines first.
_RECEIVE_MS_MAX = 60_000


async def _schema_below(resources: Resources) -> str:
    return await schema_shortfall(resources.group, Path(__file__).parent / "migrations")


INFO = AppInfo(
    name="upload",
    title="upload.internal",
    description=(
        "Photos: received, decoded in a contained process, and kept as renditions without "
        "metadata. The gateway, feed and users call it; a token names the caller and the viewer. "
        "nginx fetches archives, samples, and the renditions that it has not cached."
    ),
    audience="upload",
    open_prefixes=("/renditions/", "/archives/", "/filters/"),
    # Bodies and archives take as long as their clients, and a claim waits for the worker.
    ask_of=lasting("POST /photos", "POST /photos/claim", "POST /archives", "GET /archives/*"),
    deadlines=Deadlines(
        by_route={"POST /photos": _RECEIVE_MS_MAX, "POST /archives": _RECEIVE_MS_MAX}
    ),
    find_obstacle=_schema_below,
)
# "/photos/claim" and its siblings must precede "/photos/{photo_id}".
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
        # Drawing takes most of a second; on a busy machine the first caller would time out.
        resources.samples.begin()
        yield resources


def main() -> None:
    """Serve until a signal ends the process."""
    settings = read_settings(UploadSettings)
    serve(upload_app(settings, partial(_opened, settings)), settings)


if __name__ == "__main__":
    main()
