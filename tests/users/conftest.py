"""Users in this process over the suite's real Postgres and Redis, with fakes of other services."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import httpx
import pytest

from services.users.app import users_app
from services.users.clients.archives import ArchivesClient
from services.users.clients.erasing import ErasingClient
from services.users.clients.exporting import ExportingClient
from services.users.clients.feed import FeedClient
from services.users.clients.upload import UploadClient
from services.users.resources import Resources, open_resources
from services.users.settings import UsersSettings
from shared.network.internal_tokens import TokenSigner
from shared.network.network import Network
from shared.network.resolver import Resolver
from shared.service_client.client import ServiceClient
from shared.sharding.shard_group import ShardGroup
from tests.suite import Suite
from tests.users.cast import Cast
from tests.users.fake_feed import FakeFeed
from tests.users.mail_server import Mailbox, mailbox
from tests.users.users_api import UsersApi


@pytest.fixture(scope="session")
def settings(data_suite: Suite) -> UsersSettings:
    with patch.dict(os.environ, data_suite.env("users")):
        return UsersSettings()  # type: ignore[call-arg] # from the environment


@pytest.fixture(scope="session")
def fake_feed() -> FakeFeed:
    return FakeFeed()


@pytest.fixture(scope="session")
async def resources(settings: UsersSettings, fake_feed: FakeFeed) -> AsyncIterator[Resources]:
    async with open_resources(settings) as opened:
        feed, upload = (
            ServiceClient(
                name, url, Network(Resolver(()), None), settings, transport=fake_feed.transport()
            )
            for name, url in (("feed", settings.feed_url), ("upload", settings.upload_url))
        )
        yield replace(
            opened,
            feed=FeedClient(feed),
            upload=UploadClient(upload),
            archives=ArchivesClient(upload),
            feed_exporting=ExportingClient(feed),
            feed_erasing=ErasingClient(feed),
            upload_erasing=ErasingClient(upload),
        )


@pytest.fixture(scope="session")
def group(resources: Resources) -> ShardGroup:
    return resources.group


@pytest.fixture(scope="session")
async def api(settings: UsersSettings, resources: Resources) -> AsyncIterator[UsersApi]:
    @asynccontextmanager
    async def opened() -> AsyncIterator[Resources]:
        yield resources

    app = users_app(settings, opened)
    key = settings.internal_keys["users"].get_secret_value()
    signer = TokenSigner(key=key, audience="users", caller="gateway-1")
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="https://users.internal:8000") as client,
    ):
        yield UsersApi(app, client, signer)


@pytest.fixture
def cast(resources: Resources) -> Cast:
    return Cast(resources)


@pytest.fixture
async def mail(tmp_path: Path) -> AsyncIterator[Mailbox]:
    async with mailbox(tmp_path, "127.0.0.1") as opened:
        yield opened
