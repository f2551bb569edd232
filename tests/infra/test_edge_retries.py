"""nginx asks every gateway before it gives up, also one that it has left out for a moment."""

import asyncio
import os
import ssl
import subprocess
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from infra.programs import program
from infra.rendering.nginx import configuration_of
from infra.run_folder import RunFolder
from infra.suite import Suite, suite_in
from tests.conftest import TEST_NETWORK
from tests.eventually import eventually

# nginx leaves a gateway out after so many failures (max_fails) while there is another one.
_FAILURES = 5
_REPLY = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"


class Gateways:
    """Stand-ins for the gateways behind one balancer, which come and go at once."""

    def __init__(self, suite: Suite) -> None:
        self._planned = suite.plan.services["gateway"]
        pair = suite.authority.server_pair("gateway", (self._planned.host,))
        self._tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._tls.load_cert_chain(pair.certificate, pair.key)
        self._servers: dict[int, asyncio.Server] = {}

    async def come(self, number: int) -> None:
        """Let a gateway accept connections, each for one request."""
        address = self._planned.replicas[number - 1]
        self._servers[number] = await asyncio.start_server(
            _answer, address, self._planned.port, ssl=self._tls
        )

    async def go(self, number: int) -> None:
        """Let a gateway refuse connections."""
        server = self._servers.pop(number)
        server.close()
        await server.wait_closed()

    async def close(self) -> None:
        for number in list(self._servers):
            await self.go(number)


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(_REPLY)
    await writer.drain()
    writer.close()


@pytest.fixture
def drawn(tmp_path: Path) -> Suite:
    """A suite in a folder of its own, of which a balancer and stand-ins run."""
    network = os.environ.get("RETRATO_TEST_NET") or TEST_NETWORK
    opened = suite_in(RunFolder(tmp_path), network)
    plan = opened.plan
    gateway = replace(plan.services["gateway"], replicas=(f"{network}.1.11", f"{network}.1.12"))
    nginx = replace(plan.nginx, replicas=(f"{network}.1.9",))
    services = {**plan.services, "gateway": gateway}
    return replace(opened, plan=replace(plan, nginx=nginx, services=services), may_make_keys=True)


@pytest.fixture
async def gateways(drawn: Suite) -> AsyncIterator[Gateways]:
    made = Gateways(drawn)
    yield made
    await made.close()


@pytest.fixture
async def client(drawn: Suite, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the balancer, which runs."""
    nginx = drawn.plan.nginx
    drawn.authority.server_pair("nginx", nginx.replicas)
    file = tmp_path / "nginx.conf"
    file.write_text(configuration_of(drawn, "nginx-9", list(nginx.replicas)), encoding="utf-8")
    with (tmp_path / "nginx.log").open("w", encoding="utf-8") as output:
        process = subprocess.Popen(  # noqa: ASYNC220 # it only starts it
            [program("nginx"), "-e", "stderr", "-c", str(file)], stdout=output, stderr=output
        )
    url = f"http://{nginx.replicas[0]}:{nginx.port}"
    try:
        async with httpx.AsyncClient(base_url=url, timeout=20) as http:

            async def it_answers() -> None:
                try:
                    await http.get("/robots.txt")
                except httpx.HTTPError as error:
                    raise AssertionError((tmp_path / "nginx.log").read_text()) from error

            await eventually(it_answers)
            yield http
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait, 20)


@pytest.mark.parametrize("method", ["GET", "PUT", "POST"])
@pytest.mark.parametrize("away", [1, 2])
async def test_a_gateway_that_has_just_come_back_is_asked_when_the_other_one_refuses(
    gateways: Gateways, client: httpx.AsyncClient, away: int, method: str
) -> None:
    other = 3 - away
    await gateways.come(other)
    for _ in range(4 * _FAILURES):
        assert (await client.request(method, "/v1/me")).status_code == 204
    await gateways.come(away)
    await gateways.go(other)
    replies = [await client.request(method, "/v1/me") for _ in range(4 * _FAILURES)]
    assert [reply.status_code for reply in replies] == [204] * len(replies)


async def test_without_any_gateway_the_refusal_comes_at_once(
    gateways: Gateways, client: httpx.AsyncClient
) -> None:
    reply = await client.get("/v1/me")
    assert (reply.status_code, reply.json()["code"]) == (502, "unavailable")
    await gateways.come(1)
    assert (await client.get("/v1/me")).status_code == 204
