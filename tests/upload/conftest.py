"""Upload in this process over the suite's real Postgres and object store."""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from unittest.mock import patch

import httpx
import pytest
from redis import asyncio as aioredis

from infra.run_folder import REPOSITORY
from services.upload.app import upload_app
from services.upload.clients.decoder import Decoder
from services.upload.clients.media_caches import MediaCaches
from services.upload.clients.workshop import Workshop
from services.upload.resources import Resources, open_resources
from services.upload.settings import UploadSettings
from services.upload.store.objects import Objects
from services.upload.store.polled_photos import PolledPhotos
from services.upload.store.uploads_under_way import UploadsUnderWay
from shared.caching.redis_client import open_redis
from shared.network.internal_tokens import TokenSigner
from shared.network.network import open_network
from shared.sharding.shard_group import ShardGroup
from tests.suite import Suite
from tests.upload.cast import Cast
from tests.upload.upload_api import UploadApi


@pytest.fixture(scope="session")
def decoder_python() -> str:
    """The interpreter of the decoder's environment, where `make up` puts it."""
    given = os.environ.get("UPLOAD_DECODER_PYTHON")
    environments = Path(os.environ.get("RETRATO_VENV_DIR") or REPOSITORY / ".run")
    return given or str(environments.absolute() / "venv-decoder" / "bin" / "python")


@pytest.fixture(scope="session")
def decoder(decoder_python: str) -> Iterator[Decoder]:
    decoder = Decoder(decoder_python)
    decoder.start()
    yield decoder
    decoder.stop()


@pytest.fixture(scope="session")
def settings(data_suite: Suite, decoder_python: str) -> UploadSettings:
    with patch.dict(os.environ, data_suite.env("upload")):
        read = UploadSettings()  # type: ignore[call-arg] # from the environment
    return read.model_copy(update={"decoder_python": decoder_python})


@pytest.fixture(scope="package")
async def no_other_worker(data_suite: Suite) -> AsyncIterator[None]:
    """Stops the suite's worker, so that the tests process their photos themselves."""
    workers = [name for name in data_suite.process_names("upload") if "worker" in name]
    running = [name for name in workers if data_suite.pid(name)]
    for name in running:
        await data_suite.stop(name)
    yield
    for name in running:
        await data_suite.start(name)


@pytest.fixture(scope="package")
async def resources(settings: UploadSettings, no_other_worker: None) -> AsyncIterator[Resources]:
    async with open_resources(settings) as resources:
        yield resources


@pytest.fixture(scope="package")
def group(resources: Resources) -> ShardGroup:
    return resources.group


@pytest.fixture(scope="package")
def objects(resources: Resources) -> Objects:
    return resources.objects


@pytest.fixture(scope="package")
def caches(resources: Resources) -> MediaCaches:
    return resources.caches


@pytest.fixture(scope="package")
def polled(resources: Resources) -> PolledPhotos:
    return resources.polled


@pytest.fixture(scope="package")
def under_way(resources: Resources) -> UploadsUnderWay:
    return resources.under_way


@pytest.fixture
async def redis(settings: UploadSettings) -> AsyncIterator[aioredis.Redis]:
    async with open_network(settings) as network:
        client = await open_redis(settings.redis_url.get_secret_value(), network)
        yield client
        await client.aclose()


@pytest.fixture(scope="session")
async def workshop(decoder_python: str) -> AsyncIterator[Workshop]:
    async with AsyncExitStack() as stack:
        workshop = Workshop(decoder_python, 2)
        stack.push_async_callback(workshop.close)
        await workshop.warm_up()
        yield workshop


@pytest.fixture
def cast(group: ShardGroup, objects: Objects, workshop: Workshop) -> Cast:
    return Cast(group, objects, workshop)


@pytest.fixture
async def api(settings: UploadSettings, resources: Resources) -> AsyncIterator[UploadApi]:
    @asynccontextmanager
    async def opened() -> AsyncIterator[Resources]:
        yield resources

    app = upload_app(settings, opened)
    key = settings.internal_keys["upload"].get_secret_value()
    signer = TokenSigner(key=key, audience="upload", caller="gateway-1")
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="https://upload.internal:8000") as client,
    ):
        yield UploadApi(app, client, signer)
