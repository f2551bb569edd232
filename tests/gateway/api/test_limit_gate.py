"""Requests beyond a limit are refused cheaply; all replies report the limit."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx
import pytest

from services.gateway.app import gateway_app
from services.gateway.clients.patching import PatchingServiceClient
from services.gateway.resources import Resources, resources_over
from services.gateway.settings import GatewaySettings
from shared.caching.redis_pipe import RedisPipe
from shared.network.network import Network
from shared.network.resolver import Resolver
from tests.gateway.conftest import BALANCER_TOKEN, all_in_session_of
from tests.gateway.fake_services import FakeService
from tests.gateway.samples import ALICE, own_profile

# So long a window that nothing refills during a test.
HOUR = 3_600


class Limited:
    """A gateway with small limits, and the fakes behind it."""

    def __init__(self, settings: GatewaySettings, pipe: RedisPipe | None, **limits: int) -> None:
        self.settings = settings.model_copy(
            update={
                "limits": {
                    name.replace("_", "-", name.count("_")): (quota, HOUR)
                    for name, quota in limits.items()
                }
            }
        )
        self.users, self.feed = FakeService(), FakeService()
        self.feed.answer("POST", "/post-counts", {"counts": {}})
        self.users.answer("POST", "/sessions/check", all_in_session_of(ALICE))
        self.users.answer("GET", "/me", own_profile(ALICE))
        self._pipe = pipe or RedisPipe("redis://gateway.redis.internal", _network())
        self.app = gateway_app(self.settings, self._open)

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[Resources]:
        fakes = {"users": self.users, "upload": FakeService(), "feed": self.feed}
        services = {
            name: PatchingServiceClient(
                name,
                f"https://{name}.internal:8000",
                _network(),
                self.settings,
                transport=fake.transport(),
            )
            for name, fake in fakes.items()
        }
        yield resources_over(self.settings, self._pipe, **services)

    def phone(self, token: str | None = None, address: str = "198.51.100.1") -> httpx.AsyncClient:
        headers = {"X-Forwarded-For": address, "X-Balancer-Token": BALANCER_TOKEN}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app, raise_app_exceptions=False),
            base_url="http://photos.example",
            headers=headers,
        )


def _network() -> Network:
    return Network(Resolver(()), None)


@asynccontextmanager
async def opened(*gateways: Limited) -> AsyncIterator[None]:
    async with AsyncExitStack() as stack:
        for gateway in gateways:
            await stack.enter_async_context(gateway.app.router.lifespan_context(gateway.app))
        yield


async def statuses(phone: httpx.AsyncClient, times: int, path: str = "/v1/me") -> list[int]:
    return [(await phone.get(path)).status_code for _ in range(times)]


async def test_a_reply_reports_the_callers_limit(settings: GatewaySettings) -> None:
    gateway = Limited(settings, None, reads_session=50)
    async with opened(gateway), gateway.phone("rta_a") as phone:
        await phone.get("/v1/me")
        reply = await phone.get("/v1/me")
    state, _, whole_in_s = reply.headers["ratelimit"].rpartition("=")
    assert state == '"reads-session";r=48;t'
    # 72 s for each of the two, minus the time passed since.
    assert 72 < int(whole_in_s) <= 144
    assert '"reads-session";q=50;w=3600' in reply.headers["ratelimit-policy"]
    assert (reply.headers["x-ratelimit-limit"], reply.headers["x-ratelimit-remaining"]) == (
        "50",
        "48",
    )


async def test_beyond_the_limit_the_reply_is_429_with_a_retry_time(
    settings: GatewaySettings,
) -> None:
    gateway = Limited(settings, None, reads_session=3)
    async with opened(gateway), gateway.phone("rta_a") as phone:
        assert await statuses(phone, 3) == [200] * 3
        gateway.users.requests.clear()
        reply = await phone.get("/v1/me")
    problem = reply.json()
    assert (reply.status_code, problem["code"]) == (429, "too_many_requests")
    assert reply.headers["content-type"] == "application/problem+json"
    assert problem["request_id"] == reply.headers["x-request-id"]
    assert 1_190 <= int(reply.headers["retry-after"]) <= 1_200
    assert reply.headers["ratelimit"] == f'"reads-session";r=0;t={reply.headers["retry-after"]}'
    assert not gateway.users.requests


async def test_an_exhausted_address_costs_no_session_check(
    settings: GatewaySettings,
) -> None:
    gateway = Limited(settings, None, reads_address=2)
    async with opened(gateway):
        for number in range(6):
            async with gateway.phone(f"rta_guess_{number}") as phone:
                await phone.get("/v1/me")
    assert len(gateway.users.asked("/sessions/check")) == 2


async def test_all_devices_of_a_person_share_their_limit(
    settings: GatewaySettings,
) -> None:
    gateway = Limited(settings, None, reads_viewer=4)
    async with opened(gateway), gateway.phone("rta_a") as one, gateway.phone("rta_b") as other:
        assert await statuses(one, 2) == [200, 200]
        assert await statuses(other, 3) == [200, 200, 429]
        assert await statuses(one, 1) == [429]


async def test_an_exhausted_write_limit_does_not_stop_reads(settings: GatewaySettings) -> None:
    gateway = Limited(settings, None, writes_session=1)
    async with opened(gateway), gateway.phone("rta_a") as phone:
        replies = [await phone.delete("/v1/sessions/77") for _ in range(2)]
        assert [reply.status_code for reply in replies] == [404, 429]
        assert await statuses(phone, 1) == [200]


async def test_sign_in_is_limited_by_address_with_any_token(
    settings: GatewaySettings,
) -> None:
    gateway = Limited(settings, None, sign_in_address=2)
    body: dict[str, Any] = {"login": "alice", "password": "wrong"}
    async with opened(gateway):
        replies = []
        for number in range(3):
            async with gateway.phone(f"rta_{number}") as phone:
                replies.append(await phone.post("/v1/sessions", json=body))
    assert replies[-1].status_code == 429
    assert 429 not in [reply.status_code for reply in replies[:-1]]


async def test_an_ipv6_network_counts_as_one_address(settings: GatewaySettings) -> None:
    gateway = Limited(settings, None, reads_address=2)
    async with (
        opened(gateway),
        gateway.phone(address="2001:db8::1") as one,
        gateway.phone(address="2001:db8::2") as same,
        gateway.phone(address="2001:db8:0:1::1") as another,
    ):
        assert await statuses(one, 2) == [401, 401]
        assert await statuses(same, 1) == [429]
        assert await statuses(another, 1) == [401]


async def test_requests_without_a_route_are_counted_too(settings: GatewaySettings) -> None:
    gateway = Limited(settings, None, reads_address=5)
    async with opened(gateway), gateway.phone() as phone:
        assert await statuses(phone, 7, "/wp-login.php") == [404] * 5 + [429] * 2


@pytest.mark.parametrize("limit", ["reads_viewer", "reads_session", "reads_address"])
async def test_fifty_phones_over_two_gateways_get_exactly_the_limit(
    settings: GatewaySettings, pipes: tuple[RedisPipe, RedisPipe], limit: str
) -> None:
    token, address = f"rta_{uuid.uuid4().hex}", f"198.18.0.1{uuid.uuid4().int % 100}"
    user_id = uuid.uuid4().int >> 65
    gateways = [Limited(settings, pipe, **{limit: 100}) for pipe in pipes]
    for gateway in gateways:
        gateway.users.answer("POST", "/sessions/check", all_in_session_of(user_id))
    async with opened(*gateways):
        phones = [gateways[number % 2].phone(token, address) for number in range(50)]
        found = await asyncio.gather(*(statuses(phone, 6) for phone in phones))
    flat = [status for of_phone in found for status in of_phone]
    assert abs(flat.count(200) - 100) <= 1
    assert flat.count(200) + flat.count(429) == 300
