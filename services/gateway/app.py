"""The process of the gateway: `python -m services.gateway.app`."""

from dataclasses import replace
from functools import partial

from fastapi import FastAPI
from starlette.types import ASGIApp

from services.gateway.api import (
    accounts,
    activity,
    addresses,
    blocks,
    comments,
    deletions,
    document,
    explore,
    exports,
    filters,
    follow_requests,
    link_page,
    password_resets,
    people,
    people_search,
    photos,
    posts,
    quota,
    reactions,
    relationships,
    reports,
    sessions,
    stream,
    timelines,
    uploads,
)
from services.gateway.api.admission_ask import ask_of
from services.gateway.api.limit_gate import LimitGate
from services.gateway.api.maintenance_gate import MaintenanceGate
from services.gateway.api.preconditions import ReadPreconditions
from services.gateway.api.tus_front import TusFront, TusVersionGate
from services.gateway.resources import open_resources
from services.gateway.settings import GatewaySettings
from shared.http_server.request_context import Deadlines
from shared.http_server.server import serve
from shared.http_server.service_app import AppInfo, OpenResources, create_app
from shared.settings import read_settings

INFO = AppInfo(
    name="gateway",
    title="Retrato",
    description=document.DESCRIPTION,
    audience=None,
    public_documents=True,
    # A photo of 20 MB takes long; publishing waits up to 5 s for photos. A stream ends with its
    # access token, after a quarter of an hour, before this deadline.
    deadlines=Deadlines(by_route={"POST /v1/photos": 35_000, "GET /v1/stream": 3_600_000}),
    ask_of=ask_of,
    front=TusFront,
)
# Requests are matched against the routes in order, so the most frequent come first.
ROUTERS = (
    timelines.router,
    explore.router,
    posts.router,
    reactions.router,
    comments.router,
    people.router,
    photos.router,
    filters.router,
    quota.router,
    uploads.router,
    relationships.router,
    sessions.router,
    accounts.router,
    people_search.router,
    deletions.router,
    addresses.router,
    password_resets.router,
    exports.router,
    follow_requests.router,
    blocks.router,
    activity.router,
    reports.router,
    stream.router,
    document.router,
    link_page.router,
)


def gateway_app(settings: GatewaySettings, opened: OpenResources) -> FastAPI:
    """The public API over the given resources."""
    info = replace(INFO, origins=settings.cors_origins)
    app = create_app(info, settings, opened, ROUTERS, _gate)
    document.make_public(app, settings.media_base_url)
    return app


def _gate(app: ASGIApp) -> ASGIApp:
    return MaintenanceGate(LimitGate(TusVersionGate(ReadPreconditions(app))))


def main() -> None:
    """Serve until a signal ends the process."""
    settings = read_settings(GatewaySettings)
    serve(gateway_app(settings, partial(open_resources, settings)), settings)


if __name__ == "__main__":
    main()
