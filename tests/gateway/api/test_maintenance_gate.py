"""Changes are refused during maintenance, and photos while the suite has no room for them."""

import json
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.gateway.settings import GatewaySettings
from shared.caching.redis_pipe import RedisPipe
from shared.network.network import Network
from shared.network.resolver import Resolver
from tests.gateway.conftest import Gateway, open_gateway
from tests.gateway.samples import ALICE, own_profile

MESSAGE = "Vamos a mejorar la casa: we are back at noon."


@pytest.fixture
async def gateway(settings: GatewaySettings, tmp_path: Path) -> AsyncIterator[Gateway]:
    live = settings.model_copy(update={"live_file": tmp_path / "live.json"})
    pipe = RedisPipe("redis://gateway.redis.internal", Network(Resolver(()), None))
    async with open_gateway(live, pipe) as opened:
        yield opened


def switch(gateway: Gateway, folder: Path, **values: float | str) -> None:
    """Do what a command does, and the process's next look."""
    draft = folder / "draft"
    draft.write_text(json.dumps(values), encoding="utf-8")
    draft.replace(folder / "live.json")
    gateway.app.state.live.look()


async def test_a_change_is_refused_in_the_operators_words(gateway: Gateway, tmp_path: Path) -> None:
    switch(gateway, tmp_path, maintenance_until=time.time() + 90, maintenance_message=MESSAGE)
    reply = await gateway.http.put("/v1/posts/7/like")
    assert reply.status_code == 503
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert 80 < int(reply.headers["Retry-After"]) <= 90
    problem = reply.json()
    assert (problem["code"], problem["detail"]) == ("maintenance", MESSAGE)
    assert gateway.feed.requests == []


async def test_reading_and_sessions_go_on(gateway: Gateway, tmp_path: Path) -> None:
    switch(gateway, tmp_path, maintenance_until=time.time() + 90)
    gateway.users.answer("GET", "/me", own_profile(ALICE))
    gateway.feed.answer("POST", "/post-counts", {"counts": {}})
    assert (await gateway.http.get("/v1/me")).status_code == 200
    refreshed = await gateway.http.post("/v1/sessions/refresh", json={"refresh_token": "rtr_old"})
    # Users was asked, which has no answer here.
    assert refreshed.status_code == 404
    assert gateway.users.asked("/sessions/refresh")


async def test_maintenance_ends_by_itself(gateway: Gateway, tmp_path: Path) -> None:
    switch(gateway, tmp_path, maintenance_until=time.time() - 1, maintenance_message=MESSAGE)
    assert (await gateway.http.put("/v1/posts/7/like")).status_code == 404


async def test_refused_photos_leave_everything_else(gateway: Gateway, tmp_path: Path) -> None:
    switch(gateway, tmp_path, uploads_refused_until=time.time() + 90)
    reply = await gateway.http.post("/v1/photos", content=b"bytes")
    assert (reply.status_code, reply.json()["code"]) == (507, "quota_exceeded")
    assert int(reply.headers["Retry-After"]) > 80
    assert (await gateway.http.put("/v1/posts/7/like")).status_code == 404


@pytest.mark.parametrize("text", [None, "", "{", '{"maintenance_until": Infinity}'])
async def test_a_gateway_that_knows_nothing_takes_no_changes(
    gateway: Gateway, tmp_path: Path, text: str | None
) -> None:
    if text is not None:
        (tmp_path / "live.json").write_text(text, encoding="utf-8")
        gateway.app.state.live.look()
    reply = await gateway.http.put("/v1/posts/7/like")
    assert (reply.status_code, reply.json()["code"]) == (503, "maintenance")
    assert (await gateway.http.get("/v1/posts/7")).status_code != 503
    switch(gateway, tmp_path)
    assert (await gateway.http.put("/v1/posts/7/like")).status_code == 404
