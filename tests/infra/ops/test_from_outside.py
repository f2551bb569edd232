"""From networks that `[ops] allow` does not name, the pages of operators do not exist."""

import asyncio
import subprocess
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from infra.plan.figures import Ops
from infra.plan.planning import plan_of
from infra.programs import program
from infra.rendering.nginx import configuration_of
from infra.run_folder import REPOSITORY
from infra.topology import load_topology
from infra.topology_tables import TopologyError
from tests.eventually import eventually
from tests.suite import Suite

ALLOWED, OTHER = "127.0.97.7", "127.0.96.7"
PAGES = ("/ops", "/ops/", "/ops/sign-in", "/ops/api/now", "/docs/feed", "/docs/users/openapi.json")


@pytest.fixture
async def edge(suite: Suite, tmp_path: Path) -> AsyncIterator[str]:
    """A separate balancer that allows one network; nothing listens where it expects the page."""
    drawn = suite.plan
    address = f"{drawn.network}.1.8"
    watched = plan_of(load_topology(network=drawn.network, is_watched=True))
    others = [process for process in drawn.processes if process.service != "ops"]
    plan = replace(
        drawn,
        watch=None,
        nginx=replace(drawn.nginx, replicas=(address,)),
        ops=Ops(address=f"{drawn.network}.12.9", allow=("127.0.97.0/24",)),
        processes=(*others, replace(watched.process("ops"), address="127.0.97.9")),
    )
    file = tmp_path / "nginx.conf"
    with_page = replace(suite.on_disk, plan=plan)
    file.write_text(configuration_of(with_page, "nginx-8", [address]), encoding="utf-8")
    with (tmp_path / "nginx.log").open("w") as output:
        process = subprocess.Popen(  # noqa: ASYNC220 # it only starts it
            [program("nginx"), "-e", "stderr", "-c", str(file)], stdout=output, stderr=output
        )
    url = f"http://{address}:{plan.nginx.port}"

    async def answers() -> None:
        assert await _status(url, OTHER, "/robots.txt") == 200

    try:
        await eventually(answers)
        yield url
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait, 20)


async def _status(url: str, source: str, path: str) -> int:
    transport = httpx.AsyncHTTPTransport(local_address=source)
    try:
        async with httpx.AsyncClient(transport=transport, base_url=url, timeout=20) as client:
            return (await client.get(path)).status_code
    except httpx.ConnectError as error:
        raise AssertionError(str(error)) from error


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_of_operators_is_for_the_networks_that_are_named(edge: str, path: str) -> None:
    assert await _status(edge, OTHER, path) == 404
    # The page's process is away here, and a service asks for the token.
    assert await _status(edge, ALLOWED, path) == (502 if path.startswith("/ops") else 401)


def test_what_is_no_network_is_refused_with_a_sentence(tmp_path: Path) -> None:
    drawn = tmp_path / "topology.toml"
    text = (REPOSITORY / "infra" / "topology.toml").read_text(encoding="utf-8")
    drawn.write_text(text.replace('allow = ["127.0.0.0/8"]', 'allow = ["10.0.0.0/40"]'))
    with pytest.raises(TopologyError, match=r"ops\.allow: '10\.0\.0\.0/40' is no network"):
        load_topology(drawn)
