"""The HTTP process of users: `python -m services.users.app`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from fastapi import FastAPI

from services.users.api import (
    accounts,
    addresses,
    blocks,
    cards,
    deletions,
    exports,
    follow_requests,
    follows,
    password_resets,
    people_search,
    profiles,
    relationships,
    sessions,
)
from services.users.resources import Resources, open_resources
from services.users.settings import UsersSettings
from shared.http_server.admission import lasting
from shared.http_server.server import serve
from shared.http_server.service_app import AppInfo, OpenResources, create_app
from shared.settings import read_settings
from shared.sharding.prepared_reads import prepare_reads
from shared.sharding.schema_age import schema_shortfall


async def _schema_below(resources: Resources) -> str:
    return await schema_shortfall(resources.group, Path(__file__).parent / "migrations")


INFO = AppInfo(
    name="users",
    title="users.internal",
    description=(
        "Accounts, sessions, profiles and the follow graph. The gateway and feed call it; a token "
        "names the caller and the viewer."
    ),
    audience="users",
    # They wait for password hashes, of which two are computed at once.
    ask_of=lasting(
        "POST /users",
        "POST /sessions",
        "PUT /me/password",
        "POST /me/deletion",
        "POST /me/export",
        "POST /me/email",
        "PUT /password-resets",
    ),
    find_obstacle=_schema_below,
)
# "/users/by-username/…", "/users/search" and "/users/suggested" must precede "/users/{user_id}".
ROUTERS = (
    accounts.router,
    addresses.router,
    password_resets.router,
    sessions.router,
    people_search.router,
    profiles.router,
    cards.router,
    deletions.router,
    exports.router,
    follows.router,
    follow_requests.router,
    blocks.router,
    relationships.router,
)


def users_app(settings: UsersSettings, opened: OpenResources) -> FastAPI:
    """The internal API over the given resources."""
    return create_app(INFO, settings, opened, ROUTERS)


@asynccontextmanager
async def _opened(settings: UsersSettings) -> AsyncIterator[Resources]:
    async with open_resources(settings) as resources:
        await prepare_reads(
            resources.group,
            Path(__file__).parent,
            of_one=("profiles.find_profile", "profiles.cards", "relations.relations"),
            across=("profiles.cards",),
        )
        yield resources


def main() -> None:
    """Serve until a signal ends the process."""
    settings = read_settings(UsersSettings)
    serve(users_app(settings, partial(_opened, settings)), settings)


if __name__ == "__main__":
    main()
