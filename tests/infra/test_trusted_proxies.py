"""The client's address behind a load balancer is taken only from trusted proxies."""

import asyncio
import json
import socket
import subprocess
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from infra.plan.parts import Plan
from infra.programs import program
from infra.rendering.nginx import configuration_of
from infra.run_folder import REPOSITORY
from infra.topology import load_topology
from infra.topology_tables import TopologyError
from tests.eventually import eventually
from tests.suite import Suite

TRUSTED = "127.0.99.0/24"
PROXY, STRANGER = "127.0.99.7", "127.0.98.7"
PROXY_PROTOCOL_PORT = 8081
HEAD = "{get}\r\n\r\n"
FORWARDED = "{get}\r\nX-Forwarded-For: %s\r\n\r\n"
PROXIED = "PROXY TCP4 203.0.113.9 127.0.0.1 50000 8081\r\n{get}\r\n\r\n"


class Edge:
    """A separate balancer in front of the suite's gateways, which trusts a network."""

    def __init__(self, plan: Plan, log: Path) -> None:
        self.address = plan.nginx.replicas[0]
        self.port = plan.nginx.port
        self._log = log

    async def client_seen(self, source: str, head: str, *, port: int | None = None) -> str:
        """Return the client's address that the balancer logs for a request from `source`."""
        mark = f"/v1/nothing-{len(self._lines())}"
        request = head.format(get=f"GET {mark} HTTP/1.1\r\nHost: x\r\nConnection: close")
        await asyncio.to_thread(self._send, source, request.encode(), port or self.port)

        def logged() -> str:
            found = [line["client"] for line in self._lines() if line.get("path") == mark]
            assert found
            return found[0]

        return await eventually(logged)

    def answers(self) -> None:
        """Assert that the balancer listens."""
        try:
            self._send(STRANGER, b"GET /robots.txt HTTP/1.0\r\n\r\n", self.port)
        except OSError as error:
            raise AssertionError(str(error)) from error

    def _send(self, source: str, request: bytes, port: int) -> None:
        where = (self.address, port)
        with socket.create_connection(where, source_address=(source, 0), timeout=10) as one:
            one.sendall(request)
            while one.recv(8192):
                pass

    def _lines(self) -> list[dict[str, str]]:
        return [json.loads(line) for line in self._log.read_text().splitlines() if line[:1] == "{"]


@pytest.fixture
async def edge(suite: Suite, tmp_path: Path) -> AsyncIterator[Edge]:
    drawn = suite.plan
    address = f"{drawn.network}.1.9"
    nginx = replace(
        drawn.nginx,
        replicas=(address,),
        trusted_proxies=(TRUSTED,),
        proxy_protocol_port=PROXY_PROTOCOL_PORT,
    )
    trusting = replace(suite.on_disk, plan=replace(drawn, nginx=nginx))
    file, log = tmp_path / "nginx.conf", tmp_path / "nginx.log"
    file.write_text(configuration_of(trusting, "nginx-9", [address]))
    with log.open("w") as output:
        process = subprocess.Popen(  # noqa: ASYNC220 # it only starts it
            [program("nginx"), "-e", "stderr", "-c", str(file)], stdout=output, stderr=output
        )
    edge = Edge(trusting.plan, log)
    try:
        await eventually(edge.answers)
        yield edge
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait, 20)


@pytest.mark.parametrize(
    ("source", "head", "port", "client"),
    [
        (PROXY, HEAD, None, PROXY),
        (PROXY, FORWARDED % "203.0.113.9", None, "203.0.113.9"),
        (PROXY, FORWARDED % "198.51.100.66, 203.0.113.9", None, "203.0.113.9"),
        (PROXY, FORWARDED % "203.0.113.9, 127.0.99.8", None, "203.0.113.9"),
        (PROXY, FORWARDED % "2001:db8::7", None, "2001:db8::7"),
        (PROXY, FORWARDED % "no address", None, PROXY),
        (STRANGER, FORWARDED % "203.0.113.9", None, STRANGER),
        (PROXY, PROXIED, PROXY_PROTOCOL_PORT, "203.0.113.9"),
        (STRANGER, PROXIED, PROXY_PROTOCOL_PORT, STRANGER),
    ],
)
async def test_the_client_is_whom_a_trusted_proxy_names(
    edge: Edge, source: str, head: str, port: int | None, client: str
) -> None:
    assert await edge.client_seen(source, head, port=port) == client


def test_what_is_no_network_is_refused_with_a_sentence(tmp_path: Path) -> None:
    drawn = tmp_path / "topology.toml"
    text = (REPOSITORY / "infra" / "topology.toml").read_text()
    drawn.write_text(text.replace("trusted_proxies = []", 'trusted_proxies = ["192.0.2.0/40"]'))
    with pytest.raises(TopologyError, match=r"trusted_proxies: '192\.0\.2\.0/40' is no network"):
        load_topology(drawn)
