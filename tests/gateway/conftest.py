"""The gateway in this process, with fakes of the three services behind it."""

import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

import httpx
import orjson
import pytest
from fastapi import FastAPI

from services.gateway.app import gateway_app
from services.gateway.clients.patching import PatchingServiceClient
from services.gateway.resources import Resources, resources_over
from services.gateway.settings import GatewaySettings
from services.gateway.store.limit_counters import TAKE
from shared.caching.redis_pipe import RedisPipe
from shared.contracts.people import SessionAnswer, SessionCheck
from shared.network.network import Network, open_network
from shared.network.resolver import Resolver
from tests.gateway.fake_services import Answer, FakeService
from tests.gateway.samples import ALICE
from tests.suite import Suite

TOKEN = "rta_alice"
BALANCER_TOKEN = "the token of balancers"


@pytest.fixture(scope="session")
def settings() -> GatewaySettings:
    names = ("users", "upload", "feed")
    return GatewaySettings.model_validate(
        {
            "instance": "gateway-1",
            "listen_host": "127.0.0.1",
            "listen_port": 8000,
            "tls_cert_file": Path("unused"),
            "tls_key_file": Path("unused"),
            "internal_keys": {name: f"{name}-key".rjust(32, "0") for name in names},
            **{f"{name}_url": f"https://{name}.internal:8000" for name in names},
            "redis_url": "redis://gateway.redis.internal",
            "balancer_token": BALANCER_TOKEN,
            "media_signing_key": "secret",
            "media_base_url": "http://photos.example",
        }
    )


@dataclass
class Gateway:
    """A client of the gateway, signed in as alice, with the fakes behind it."""

    app: FastAPI
    http: httpx.AsyncClient
    users: FakeService = field(default_factory=FakeService)
    upload: FakeService = field(default_factory=FakeService)
    feed: FakeService = field(default_factory=FakeService)

    @property
    def anonymous(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=self.http._transport, base_url=self.http.base_url)


@pytest.fixture
async def gateway(settings: GatewaySettings) -> AsyncIterator[Gateway]:
    # Never opened, so each test counts for itself.
    pipe = RedisPipe("redis://gateway.redis.internal", Network(Resolver(()), None))
    async with open_gateway(settings, pipe) as opened:
        yield opened


@pytest.fixture
async def gateway_with_redis(
    settings: GatewaySettings, pipes: tuple[RedisPipe, RedisPipe]
) -> AsyncIterator[Gateway]:
    async with open_gateway(settings, pipes[0]) as opened:
        yield opened


@asynccontextmanager
async def open_gateway(settings: GatewaySettings, pipe: RedisPipe) -> AsyncIterator[Gateway]:
    fakes = {name: FakeService() for name in ("users", "upload", "feed")}

    @asynccontextmanager
    async def open_fakes() -> AsyncIterator[Resources]:
        network = Network(Resolver(()), None)
        yield resources_over(
            settings,
            pipe,
            **{
                name: PatchingServiceClient(
                    name,
                    f"https://{name}.internal:8000",
                    network,
                    settings,
                    transport=fake.transport(),
                )
                for name, fake in fakes.items()
            },
        )

    fakes["users"].answer("POST", "/sessions/check", all_in_session_of(ALICE))
    app = gateway_app(settings, open_fakes)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=transport,
            base_url="http://photos.example",
            headers={"Authorization": f"Bearer {TOKEN}"},
        ) as http,
    ):
        yield Gateway(app, http, **fakes)


def all_in_session_of(user_id: int) -> Answer:
    """Answer that every token is valid and belongs to this user."""

    def answer(request: httpx.Request) -> dict[str, list[SessionAnswer]]:
        expires_at_ms = int((time.time() + 900) * 1000)
        session: SessionCheck = {
            "user_id": user_id,
            "session_id": 9001,
            "expires_at_ms": expires_at_ms,
        }
        tokens = orjson.loads(request.content)["access_tokens"]
        return {"answers": [{"state": "good", "session": session} for _token in tokens]}

    return answer


def all_ended(request: httpx.Request) -> dict[str, list[SessionAnswer]]:
    """Answer that no token is valid any more."""
    tokens = orjson.loads(request.content)["access_tokens"]
    return {"answers": [{"state": "ended", "session": None} for _token in tokens]}


@pytest.fixture(scope="session")
def real_settings(data_suite: Suite) -> GatewaySettings:
    with patch.dict(os.environ, data_suite.env("gateway")):
        return GatewaySettings()  # type: ignore[call-arg] # from the environment


@pytest.fixture
async def network(real_settings: GatewaySettings) -> AsyncIterator[Network]:
    async with open_network(real_settings) as opened:
        yield opened


@pytest.fixture
async def pipes(
    real_settings: GatewaySettings, network: Network
) -> AsyncIterator[tuple[RedisPipe, RedisPipe]]:
    """The pipes of two gateways."""
    url = real_settings.redis_url.get_secret_value()
    one, other = (RedisPipe(url, network, [("SCRIPT", "LOAD", TAKE)]) for _ in range(2))
    await one.open()
    await other.open()
    yield one, other
    await one.close()
    await other.close()
