"""Feed in this process over the suite's real Postgres and Redis, with fakes of other services."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from unittest.mock import patch

import httpx
import pytest
from redis import asyncio as aioredis

from services.feed.actions.celebrity_entries import CelebrityEntries
from services.feed.actions.home_entries import HomeEntries
from services.feed.app import feed_app
from services.feed.clients.upload import UploadClient
from services.feed.clients.users import UsersClient
from services.feed.resources import Resources, resources_over
from services.feed.settings import FeedSettings
from services.feed.store import posts
from services.feed.store.home_timelines import HomeTimelines
from services.feed.store.hot_reads import HotReads
from shared.caching.redis_client import open_redis
from shared.caching.redis_guard import RedisGuard
from shared.caching.redis_pipe import RedisPipe
from shared.network.internal_tokens import TokenSigner
from shared.network.network import Network, open_network
from shared.network.resolver import Resolver
from shared.service_client.client import ServiceClient
from shared.sharding.shard_group import ShardGroup, open_shard_group
from tests.feed.cast import Cast
from tests.feed.fake_upload import FakeUpload
from tests.feed.fake_users import FakeUsers
from tests.feed.feed_api import FeedApi
from tests.suite import Suite


@pytest.fixture(scope="session")
def settings(data_suite: Suite) -> FeedSettings:
    with patch.dict(os.environ, data_suite.env("feed")):
        return FeedSettings()  # type: ignore[call-arg] # from the environment


@pytest.fixture(scope="session")
async def network(settings: FeedSettings) -> AsyncIterator[Network]:
    async with open_network(settings) as network:
        yield network


@pytest.fixture(scope="session")
async def group(settings: FeedSettings, network: Network) -> AsyncIterator[ShardGroup]:
    group = await open_shard_group(settings, network)
    yield group
    await group.close()


@pytest.fixture(autouse=True)
def others_see_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Disables replica lag for other viewers; the choice of replicas has its own tests."""
    monkeypatch.setattr(posts, "OTHERS_LAG_MS_MAX", 0)


@pytest.fixture(scope="session")
async def redis(settings: FeedSettings, network: Network) -> AsyncIterator[aioredis.Redis]:
    client = await open_redis(settings.redis_url.get_secret_value(), network)
    yield client
    await client.aclose()


@pytest.fixture(scope="session")
async def no_redis(network: Network) -> AsyncIterator[aioredis.Redis]:
    """A client of a Redis that is down: nothing listens there."""
    client = await open_redis("redis://127.0.0.1:9/0", network)
    yield client
    await client.aclose()


@pytest.fixture(scope="session")
async def pipe(settings: FeedSettings, network: Network) -> AsyncIterator[RedisPipe]:
    # On a busy machine Redis must not count as away.
    opened = RedisPipe(settings.redis_url.get_secret_value(), network, silent_looks_max=400)
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
def reads(pipe: RedisPipe) -> HotReads:
    return HotReads(pipe, RedisGuard())


@pytest.fixture
def no_pipe(network: Network) -> RedisPipe:
    """A pipe that is never opened, as if Redis were down."""
    return RedisPipe("redis://127.0.0.1:9/0", network)


@pytest.fixture
def fake_users() -> FakeUsers:
    return FakeUsers()


@pytest.fixture
def fake_upload() -> FakeUpload:
    return FakeUpload()


@pytest.fixture
def users(settings: FeedSettings, fake_users: FakeUsers) -> UsersClient:
    return UsersClient(_client("users", settings.users_url, settings, fake_users.transport()))


@pytest.fixture
def upload(settings: FeedSettings, fake_upload: FakeUpload) -> UploadClient:
    return UploadClient(_client("upload", settings.upload_url, settings, fake_upload.transport()))


@pytest.fixture
def resources(
    group: ShardGroup,
    redis: aioredis.Redis,
    pipe: RedisPipe,
    users: UsersClient,
    upload: UploadClient,
) -> Resources:
    # The group outlives a test, but the watchers of the previous one must not.
    group.edge_watchers.clear()
    return resources_over(group, redis, pipe, users=users, upload=upload)


@pytest.fixture
def without_redis(
    group: ShardGroup,
    no_redis: aioredis.Redis,
    no_pipe: RedisPipe,
    users: UsersClient,
    upload: UploadClient,
) -> Resources:
    return resources_over(group, no_redis, no_pipe, users=users, upload=upload)


@pytest.fixture
def small(resources: Resources, redis: aioredis.Redis, reads: HotReads) -> Resources:
    """The same, with home timelines of five entries, trimmed when three too long."""
    timelines = HomeTimelines(redis, reads, RedisGuard(), entries_max=5, trim_slack=3)
    celebrities = CelebrityEntries(resources.author_timelines, resources.group)
    entries = HomeEntries(timelines, resources.group, resources.users, celebrities)
    return replace(resources, timelines=timelines, entries=entries)


@pytest.fixture
def cast(resources: Resources) -> Cast:
    return Cast(resources)


@pytest.fixture
async def api(settings: FeedSettings, resources: Resources) -> AsyncIterator[FeedApi]:
    @asynccontextmanager
    async def opened() -> AsyncIterator[Resources]:
        yield resources

    app = feed_app(settings, opened)
    key = settings.internal_keys["feed"].get_secret_value()
    signer = TokenSigner(key=key, audience="feed", caller="gateway-1")
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="https://feed.internal:8000") as client,
    ):
        yield FeedApi(app, client, signer)


def _client(
    name: str, url: str, settings: FeedSettings, transport: httpx.MockTransport
) -> ServiceClient:
    return ServiceClient(name, url, Network(Resolver(()), None), settings, transport=transport)
