"""A process is not ready while an obstacle remains, and reports it."""

import asyncio
from typing import Any

import httpx
from starlette.types import Receive, Scope, Send

from shared.http_server import obstacles
from shared.http_server.obstacles import ready_without
from shared.http_server.probes import Probes
from shared.http_server.readiness import Readiness
from shared.version import VERSION_HEADER, version_text
from tests.eventually import eventually


async def _nobody(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise AssertionError("a probe is answered before the application")


async def _ready(readiness: Readiness) -> tuple[int, str]:
    transport = httpx.ASGITransport(Probes(_nobody, readiness=readiness, version="1.0.0+unknown"))
    async with httpx.AsyncClient(transport=transport, base_url="http://probe") as client:
        reply = await client.get("/ready")
    return reply.status_code, reply.text


async def test_an_obstacle_is_said_and_its_end_is_seen(monkeypatch: Any) -> None:
    monkeypatch.setattr(obstacles, "LOOK_AGAIN_S", 0.01)
    in_the_way = ["shard 5 is below the schema"]
    readiness = Readiness()

    async def find(resources: list[str]) -> str:
        return resources[0]

    async def it_is_said() -> None:
        assert await _ready(readiness) == (503, "starting: shard 5 is below the schema")

    async def it_is_ready() -> None:
        assert await _ready(readiness) == (200, "ok")

    async with ready_without(find, in_the_way, readiness):
        await eventually(it_is_said)
        in_the_way[0] = ""
        await eventually(it_is_ready)


async def test_every_probe_names_the_version() -> None:
    probes = Probes(_nobody, readiness=Readiness(), version=version_text("1.2.3", "0123456789ab"))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(probes), base_url="http://probe"
    ) as client:
        for path in ("/live", "/ready"):
            assert (await client.get(path)).headers[VERSION_HEADER] == "1.2.3+0123456789ab"


async def test_what_cannot_be_found_out_keeps_nobody_from_work() -> None:
    readiness = Readiness()

    async def find(_resources: object) -> str:
        raise RuntimeError("no idea")

    async def it_is_ready() -> None:
        assert await _ready(readiness) == (200, "ok")

    async with ready_without(find, None, readiness):
        await eventually(it_is_ready)


async def test_a_process_that_drains_does_not_become_ready_again() -> None:
    readiness = Readiness()
    gate, found = asyncio.Event(), asyncio.Event()

    async def find(_resources: object) -> str:
        await gate.wait()
        found.set()
        return ""

    async with ready_without(find, None, readiness):
        readiness.mark_draining()
        gate.set()
        await found.wait()
        assert await _ready(readiness) == (503, "draining")
